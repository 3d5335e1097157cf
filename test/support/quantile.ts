/** The value at a quantile (0 to 1) of exact numbers, by the rank that a DDSketch uses. */
export function exactQuantile(values: readonly number[], quantile: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.round(quantile * (values.length - 1))];
  if (value === undefined) throw new RangeError('There are no values.');
  return value;
}
