import type { ParameterStore, Tensor } from './network.ts';
import { at, euclideanNorm, mean } from './vector.ts';

const firstMomentDecay = 0.9;
const secondMomentDecay = 0.999;
const epsilon = 1e-8;
const maxGradientNorm = 0.5;

/** Adam on gradients clipped to a norm of 0.5. */
export class Adam {
  readonly #parameters: ParameterStore;
  readonly #firstMoments: Float64Array;
  readonly #secondMoments: Float64Array;
  #steps = 0;

  constructor(parameters: ParameterStore) {
    this.#parameters = parameters;
    this.#firstMoments = new Float64Array(parameters.values.length);
    this.#secondMoments = new Float64Array(parameters.values.length);
  }

  /** Applies the gradients and clears them. */
  step(learningRate: number): void {
    const { values, gradients } = this.#parameters;
    this.#steps += 1;
    const clipping = Math.min(1, maxGradientNorm / (euclideanNorm(gradients) + epsilon));
    const firstCorrection = 1 - firstMomentDecay ** this.#steps;
    const secondCorrection = 1 - secondMomentDecay ** this.#steps;
    for (let index = 0; index < values.length; index++) {
      const gradient = at(gradients, index) * clipping;
      const first = firstMomentDecay * at(this.#firstMoments, index) + (1 - firstMomentDecay) * gradient;
      const second = secondMomentDecay * at(this.#secondMoments, index) + (1 - secondMomentDecay) * gradient ** 2;
      this.#firstMoments[index] = first;
      this.#secondMoments[index] = second;
      const update = first / firstCorrection / (Math.sqrt(second / secondCorrection) + epsilon);
      values[index] = at(values, index) - learningRate * update;
    }
    gradients.fill(0);
  }
}

export interface GradientStats {
  /** Norm of all gradients together, before clipping. */
  readonly grad_norm: number;
  /** Largest, smallest and mean norm of one tensor's gradient. */
  readonly grad_max: number;
  readonly grad_min: number;
  readonly grad_mean: number;
  readonly params_with_grad: number;
}

export function gradientStats(tensors: readonly Tensor[]): GradientStats {
  const norms = tensors.map((tensor) => euclideanNorm(tensor.gradients));
  return {
    grad_norm: Math.hypot(...norms),
    grad_max: Math.max(...norms),
    grad_min: Math.min(...norms),
    grad_mean: mean(norms),
    params_with_grad: norms.filter((norm) => norm > 0).length,
  };
}
