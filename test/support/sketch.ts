import type { SketchBin, SketchPoint } from './datadog-wire.ts';

const GAMMA = 1 + 2 / 128;
const BIAS = 1 - Math.floor(Math.log(1e-9) / Math.log(GAMMA));

/** One sketch of everything that several hold, as Datadog makes of points in one time range. */
export function mergeSketches(points: readonly SketchPoint[]): SketchPoint {
  if (points.length === 0) throw new RangeError('There are no sketches to merge.');
  const countByKey = new Map<number, number>();
  for (const { key, count } of points.flatMap(({ bins }) => bins)) {
    countByKey.set(key, (countByKey.get(key) ?? 0) + count);
  }
  const count = total(points.map((point) => point.count));
  const sum = total(points.map((point) => point.sum));
  return {
    timestampSeconds: Math.max(...points.map(({ timestampSeconds }) => timestampSeconds)),
    count,
    min: Math.min(...points.map(({ min }) => min)),
    max: Math.max(...points.map(({ max }) => max)),
    average: sum / count,
    sum,
    bins: [...countByKey].map(([key, binCount]): SketchBin => ({ key, count: binCount })).sort((a, b) => a.key - b.key),
  };
}

/** The value at the quantile (0 to 1), at most 1/128 off the exact one that it stands for. */
export function sketchQuantile(sketch: SketchPoint, quantile: number): number {
  const { bins, min, max } = mergeSketches([sketch]);
  const rank = Math.round(quantile * (total(bins.map(({ count }) => count)) - 1));
  let seen = 0;
  for (const { key, count } of bins) {
    seen += count;
    if (seen > rank) return Math.min(max, Math.max(min, valueOfKey(key)));
  }
  throw new RangeError('An empty sketch has no quantiles.');
}

function valueOfKey(key: number): number {
  if (key === 0) return 0;
  return Math.sign(key) * GAMMA ** (Math.abs(key) - BIAS);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
