import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_POINTS, Points } from '../../../src/live/points.ts';

function pushed(count: number): Points {
  const points = new Points();
  for (let index = 0; index < count; index++) points.push(index, index * 10, index / 2);
  return points;
}

function stepsOf(points: Points): number[] {
  return Array.from({ length: points.length }, (_, index) => points.stepAt(index));
}

function rowsOf(points: Points): number[][] {
  return Array.from({ length: points.length }, (_, index) => [
    points.stepAt(index),
    points.timeAt(index),
    points.valueAt(index),
  ]);
}

describe('Points', () => {
  it('keeps every value while there is room', () => {
    const points = pushed(MAX_POINTS);
    expect(points.length).toBe(MAX_POINTS);
    expect(points.stride).toBe(1);
    expect([points.stepAt(7), points.timeAt(7), points.valueAt(7)]).toEqual([7, 70, 3.5]);
  });

  it('is bounded, even, and has the first and the last value, however many there are', () => {
    for (const count of [1, 2, MAX_POINTS + 1, MAX_POINTS + 2, 10_007, 100_000, 1_000_003]) {
      const points = pushed(count);
      const steps = stepsOf(points);
      expect(steps.length).toBeLessThanOrEqual(MAX_POINTS + 1);
      expect(steps.length).toBeGreaterThanOrEqual(Math.min(count, MAX_POINTS / 2));
      expect(steps[0]).toBe(0);
      expect(steps.at(-1)).toBe(count - 1);
      const inner = steps.slice(0, -1);
      expect(inner).toEqual(inner.map((_, index) => index * points.stride));
    }
  });

  it('is the same on the other side, whenever that asks for what is new', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 8 }), (batches) => {
        const here = new Points();
        const there = new Points();
        let step = 0;
        for (const batch of batches) {
          for (let count = 0; count < batch; count++) here.push(step, step * 3, step++ / 8);
          there.apply(JSON.parse(JSON.stringify(here.take())));
          const reloaded = new Points();
          reloaded.apply(here.toWire());
          for (const copy of [there, reloaded]) {
            expect(rowsOf(copy)).toEqual(rowsOf(here));
          }
        }
      }),
      { numRuns: 40, seed: 61 },
    );
  });

  it('carries values that are no numbers, and steps that nobody knows', () => {
    const points = new Points();
    points.push(Number.NaN, 1, Number.NaN);
    points.push(4, 2, Number.POSITIVE_INFINITY);
    points.push(Number.NaN, 3, Number.NEGATIVE_INFINITY);
    points.push(6, 5, 0.1);
    const copy = new Points();
    copy.apply(JSON.parse(JSON.stringify(points.take())));
    expect(stepsOf(copy)).toEqual([Number.NaN, 4, Number.NaN, 6]);
    expect([0, 1, 2, 3].map((index) => copy.valueAt(index))).toEqual([Number.NaN, Infinity, -Infinity, 0.1]);
  });
});
