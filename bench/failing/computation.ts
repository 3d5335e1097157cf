/**
 * A step's own work, about 30 ms of it: a small model's on the machine of the driver. Signal's models are not small, and
 * their steps come over a network. Not one allocation, so that all garbage is of what is measured.
 */
export interface Computation {
  forwardBackward(): void;
  optimStep(): void;
}

/** Of a square matrix: the products of two take some 25 ms. */
const SIZE = 304;
/** Parameters of the optimizer: another 5 ms. */
const PARAMETERS = 600_000;

export function createComputation(): Computation {
  const [left, right, product] = [filled(SIZE * SIZE), filled(SIZE * SIZE), new Float64Array(SIZE * SIZE)];
  const [parameters, moments] = [filled(PARAMETERS), new Float64Array(PARAMETERS)];
  return {
    forwardBackward: () => multiply(left, right, product),
    optimStep: () => update(parameters, moments, product),
  };
}

function filled(length: number): Float64Array {
  return Float64Array.from({ length }, (_, at) => Math.sin(at));
}

function multiply(left: Float64Array, right: Float64Array, product: Float64Array): void {
  product.fill(0);
  for (let row = 0; row < SIZE; row++) {
    for (let inner = 0; inner < SIZE; inner++) {
      const factor = left[row * SIZE + inner] ?? 0;
      for (let column = 0; column < SIZE; column++) {
        const at = row * SIZE + column;
        product[at] = (product[at] ?? 0) + factor * (right[inner * SIZE + column] ?? 0);
      }
    }
  }
}

/** Adam without its bias. */
function update(parameters: Float64Array, moments: Float64Array, gradients: Float64Array): void {
  for (let at = 0; at < parameters.length; at++) {
    const gradient = gradients[at % gradients.length] ?? 0;
    const moment = 0.9 * (moments[at] ?? 0) + 0.1 * gradient;
    moments[at] = moment;
    parameters[at] = (parameters[at] ?? 0) - (0.001 * moment) / (Math.sqrt(moment * moment) + 1e-8);
  }
}
