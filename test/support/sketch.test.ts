import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SketchPoint } from './datadog-wire.ts';
import { mergeSketches, sketchQuantile } from './sketch.ts';

// Datadog's key of 1, by its formula; each key further is 1/64 more.
const KEY_OF_ONE = 1338;

function sketchOf(
  bins: Readonly<Record<number, number>>,
  bounds: { min: number; max: number; sum?: number },
): SketchPoint {
  const count = Object.values(bins).reduce((sum, binCount) => sum + binCount, 0);
  const sum = bounds.sum ?? 0;
  return {
    timestampSeconds: 1,
    count,
    min: bounds.min,
    max: bounds.max,
    average: sum / count,
    sum,
    bins: Object.entries(bins).map(([key, binCount]) => ({ key: Number(key), count: binCount })),
  };
}

describe('sketchQuantile', () => {
  it('reads a key as a power of 1 + 1/64, zero as zero, a negative key as a negative value', () => {
    const sketch = sketchOf(
      { [-(KEY_OF_ONE + 64)]: 1, 0: 1, [KEY_OF_ONE]: 1, [KEY_OF_ONE + 64]: 1 },
      { min: -10, max: 10 },
    );
    expect(sketchQuantile(sketch, 0)).toBeCloseTo(-((65 / 64) ** 64), 10);
    expect(sketchQuantile(sketch, 1 / 3)).toBe(0);
    expect(sketchQuantile(sketch, 2 / 3)).toBeCloseTo(1, 10);
    expect(sketchQuantile(sketch, 1)).toBeCloseTo((65 / 64) ** 64, 10);
  });

  it('stays within the minimum and the maximum, which are exact', () => {
    const sketch = sketchOf({ [KEY_OF_ONE]: 2 }, { min: 1.005, max: 1.006 });
    expect(sketchQuantile(sketch, 0.5)).toBe(1.005);
  });

  it('is at most 1/128 off the exact quantile', () => {
    const values = fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (unsorted, quantile) => {
        const sorted = unsorted.toSorted((a, b) => a - b);
        const bins: Record<number, number> = {};
        for (const value of sorted) {
          const key = Math.round(Math.log(value) / Math.log(65 / 64)) + KEY_OF_ONE;
          bins[key] = (bins[key] ?? 0) + 1;
        }
        const exact = sorted[Math.round(quantile * (sorted.length - 1))] ?? Number.NaN;
        const sketch = sketchOf(bins, { min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN });
        expect(Math.abs(sketchQuantile(sketch, quantile) / exact - 1)).toBeLessThanOrEqual(1 / 128 + 1e-9);
      }),
    );
  });

  it('refuses an empty sketch', () => {
    expect(() => sketchQuantile(sketchOf({}, { min: 0, max: 0 }), 0.5)).toThrow('empty sketch');
  });
});

describe('mergeSketches', () => {
  it('adds counts, sums and bins, and keeps the outer bounds', () => {
    const merged = mergeSketches([
      sketchOf({ [KEY_OF_ONE]: 3 }, { min: 0.99, max: 1.01, sum: 3 }),
      sketchOf({ [KEY_OF_ONE - 64]: 1, [KEY_OF_ONE]: 2 }, { min: 0.36, max: 1, sum: 2.4 }),
    ]);
    expect(merged).toMatchObject({ count: 6, min: 0.36, max: 1.01 });
    expect(merged.sum).toBeCloseTo(5.4, 10);
    expect(merged.average).toBeCloseTo(0.9, 10);
    expect(merged.bins).toEqual([
      { key: KEY_OF_ONE - 64, count: 1 },
      { key: KEY_OF_ONE, count: 5 },
    ]);
  });
});
