import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RollingQuantiles } from '../../../src/live/rolling-quantiles.ts';

describe('RollingQuantiles', () => {
  it('is what sorting the last hundred values gives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 400 }),
        (values) => {
          const quantiles = new RollingQuantiles();
          for (const [index, value] of values.entries()) {
            quantiles.add(value);
            const sorted = values.slice(Math.max(0, index - 99), index + 1).sort((a, b) => a - b);
            for (const share of [0.5, 0.99, 1]) {
              expect(quantiles.quantile(share)).toBe(sorted[Math.ceil(share * sorted.length) - 1]);
            }
          }
        },
      ),
      { numRuns: 50, seed: 62 },
    );
  });

  it('has none where there is no value', () => {
    expect(new RollingQuantiles().quantile(0.5)).toBeNaN();
  });
});
