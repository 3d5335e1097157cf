/** An element that must be there: an index outside the array is a bug, not a zero. */
export function at(values: Float64Array, index: number): number {
  const value = values[index];
  if (value === undefined) {
    throw new RangeError(`Index ${index} is outside an array of ${values.length}`);
  }
  return value;
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) {
    total += value;
  }
  return total;
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Of the population: one value has a variance of 0, not NaN. */
export function variance(values: readonly number[]): number {
  const center = mean(values);
  return mean(values.map((value) => (value - center) ** 2));
}

export function euclideanNorm(values: Float64Array): number {
  let squares = 0;
  for (const value of values) {
    squares += value * value;
  }
  return Math.sqrt(squares);
}
