import { describe, expect, it } from 'vitest';
import { bucketIndex } from '../../../src/bound-meter/exponential-scale.ts';

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);

/** The number so many steps of the format away. */
function neighbour(value: number, steps: bigint): number {
  float[0] = value;
  bits[0] = (bits[0] ?? 0n) + steps;
  return float[0] ?? 0;
}

/** As the official SDK computes it, above scale 0 and away from powers of two. */
function byLogarithm(value: number, scale: number): number {
  return Math.floor(Math.log(value) * (Math.LOG2E * 2 ** scale));
}

describe('bucketIndex', () => {
  it.each([1, 2, 5, 7, 10, 11, 20])('is that of the logarithm at and around every edge at scale %d', (scale) => {
    const different: number[] = [];
    const buckets = Math.min(2 ** scale, 4_096);
    for (let bucket = 1; bucket < buckets; bucket++) {
      for (const doubling of [-30, 0, 7, 21]) {
        const edge = 2 ** (doubling + bucket / 2 ** scale);
        for (const steps of [-(2n ** 33n), -(2n ** 32n), -2n, -1n, 0n, 1n, 2n, 2n ** 32n, 2n ** 33n]) {
          const value = neighbour(edge, steps);
          if (bucketIndex(value, scale) !== byLogarithm(value, scale)) different.push(value);
        }
      }
    }
    expect(different).toEqual([]);
  });

  it('has a power of two as the upper end of its bucket, at every scale', () => {
    for (let scale = -5; scale <= 20; scale++) {
      const index = scale > 0 ? (8 << scale) - 1 : 7 >> -scale;
      expect([scale, bucketIndex(256, scale)]).toEqual([scale, index]);
    }
  });
});
