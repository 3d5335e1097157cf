import { gaussian, type Random } from '../random.ts';
import { at } from './vector.ts';

/** The weights or the biases of one layer: views into the arrays of their ParameterStore. */
export interface Tensor {
  readonly values: Float64Array;
  readonly gradients: Float64Array;
}

/** All parameters in one array, so that the optimiser, the norm and a checkpoint each see one vector. */
export class ParameterStore {
  readonly values: Float64Array;
  readonly gradients: Float64Array;
  readonly tensors: Tensor[] = [];
  #used = 0;

  constructor(size: number) {
    this.values = new Float64Array(size);
    this.gradients = new Float64Array(size);
  }

  allocate(length: number): Tensor {
    const end = this.#used + length;
    const tensor = {
      values: this.values.subarray(this.#used, end),
      gradients: this.gradients.subarray(this.#used, end),
    };
    this.#used = end;
    this.tensors.push(tensor);
    return tensor;
  }
}

interface LayerOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: 'tanh' | 'linear';
  readonly initialScale: number;
}

class DenseLayer {
  readonly #options: LayerOptions;
  readonly #weights: Tensor;
  readonly #biases: Tensor;
  readonly #output: Float64Array;
  readonly #inputGradient: Float64Array;
  #input: Float64Array;

  constructor(options: LayerOptions, parameters: ParameterStore, random: Random) {
    this.#options = options;
    this.#weights = parameters.allocate(options.inputs * options.outputs);
    this.#biases = parameters.allocate(options.outputs);
    this.#input = new Float64Array(options.inputs);
    this.#output = new Float64Array(options.outputs);
    this.#inputGradient = new Float64Array(options.inputs);
    const deviation = options.initialScale / Math.sqrt(options.inputs);
    for (const index of this.#weights.values.keys()) {
      this.#weights.values[index] = gaussian(random) * deviation;
    }
  }

  forward(input: Float64Array): Float64Array {
    const { inputs, outputs, activation } = this.#options;
    this.#input = input;
    for (let unit = 0; unit < outputs; unit++) {
      let total = at(this.#biases.values, unit);
      for (let index = 0; index < inputs; index++) {
        total += at(this.#weights.values, unit * inputs + index) * at(input, index);
      }
      this.#output[unit] = activation === 'tanh' ? Math.tanh(total) : total;
    }
    return this.#output;
  }

  /** Adds to the gradients of the parameters and returns the gradient of the last input. */
  backward(outputGradient: Float64Array): Float64Array {
    const { inputs, outputs, activation } = this.#options;
    const weights = this.#weights;
    this.#inputGradient.fill(0);
    for (let unit = 0; unit < outputs; unit++) {
      const slope = activation === 'tanh' ? 1 - at(this.#output, unit) ** 2 : 1;
      const delta = at(outputGradient, unit) * slope;
      this.#biases.gradients[unit] = at(this.#biases.gradients, unit) + delta;
      for (let index = 0; index < inputs; index++) {
        const weight = unit * inputs + index;
        weights.gradients[weight] = at(weights.gradients, weight) + delta * at(this.#input, index);
        this.#inputGradient[index] = at(this.#inputGradient, index) + delta * at(weights.values, weight);
      }
    }
    return this.#inputGradient;
  }
}

/** One hidden layer of tanh units. An output array is reused: it holds until the next `forward`. */
export class Mlp {
  readonly #hidden: DenseLayer;
  readonly #head: DenseLayer;

  constructor(sizes: MlpSizes, initialScale: number, parameters: ParameterStore, random: Random) {
    const { inputs, hidden, outputs } = sizes;
    this.#hidden = new DenseLayer({ inputs, outputs: hidden, activation: 'tanh', initialScale: 1 }, parameters, random);
    this.#head = new DenseLayer({ inputs: hidden, outputs, activation: 'linear', initialScale }, parameters, random);
  }

  forward(input: Float64Array): Float64Array {
    return this.#head.forward(this.#hidden.forward(input));
  }

  /** Adds the gradients of the last `forward`. */
  backward(outputGradient: Float64Array): void {
    this.#hidden.backward(this.#head.backward(outputGradient));
  }
}

export interface MlpSizes {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
}

function parameterCount({ inputs, hidden, outputs }: MlpSizes): number {
  return (inputs + 1) * hidden + (hidden + 1) * outputs;
}

export const observationSize = 4;
export const actionCount = 2;
const hiddenUnits = 64;

/** Returns are tens of rewards: in units of this size the value network reaches them in few of Adam's small steps. */
const valueScale = 20;

/** A policy and a value estimate, in two networks that share no weight. */
export class ActorCritic {
  readonly parameters: ParameterStore;
  readonly policy: Mlp;
  readonly #value: Mlp;
  readonly #valueGradient = new Float64Array(1);

  constructor(random: Random) {
    const policySizes = { inputs: observationSize, hidden: hiddenUnits, outputs: actionCount };
    const valueSizes = { ...policySizes, outputs: 1 };
    this.parameters = new ParameterStore(parameterCount(policySizes) + parameterCount(valueSizes));
    // A nearly uniform first policy explores; larger first logits would commit to chance.
    this.policy = new Mlp(policySizes, 0.01, this.parameters, random);
    this.#value = new Mlp(valueSizes, 0.1, this.parameters, random);
  }

  value(observation: Float64Array): number {
    return at(this.#value.forward(observation), 0) * valueScale;
  }

  /** Adds the gradients of the last `value`. */
  backwardValue(gradient: number): void {
    this.#valueGradient[0] = gradient * valueScale;
    this.#value.backward(this.#valueGradient);
  }
}
