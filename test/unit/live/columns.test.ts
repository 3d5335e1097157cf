import { describe, expect, it } from 'vitest';
import { columnsOf, lineOf, smoothed } from '../../../src/live/page/columns.ts';
import { Points } from '../../../src/live/points.ts';

function pointsOf(...values: [step: number, time: number, value: number][]): Points {
  const points = new Points();
  for (const value of values) points.push(...value);
  return points;
}

describe('lineOf', () => {
  const points = pointsOf([1, 1_000, 10], [2, 2_000, Number.NaN], [2, 2_500, 20], [3, 3_000, Number.POSITIVE_INFINITY]);

  it('goes along the steps, of each of which the last value holds', () => {
    expect(lineOf(points, 'step', 0)).toEqual({ xs: [1, 2, 3], ys: [10, 20, null] });
  });

  it('goes along the time in seconds', () => {
    expect(lineOf(points, 'time', 0)).toEqual({ xs: [1, 2, 2.5, 3], ys: [10, null, 20, null] });
  });

  it('takes the later values of steps that are made again', () => {
    const again = pointsOf([1, 1, 1], [2, 2, 2], [3, 3, 3], [2, 4, 20], [3, 5, 30], [4, 6, 40]);
    expect(lineOf(again, 'step', 0)).toEqual({ xs: [1, 2, 3, 4], ys: [1, 20, 30, 40] });
  });

  it('leaves out what has no step', () => {
    expect(lineOf(pointsOf([Number.NaN, 1, 1], [5, 2, 2]), 'step', 0)).toEqual({ xs: [5], ys: [2] });
  });
});

describe('smoothed', () => {
  it('is a moving average that begins with the first value, and keeps gaps', () => {
    expect(smoothed([4, 4, null, 4], 0.9).map((y) => y && Number(y.toFixed(9)))).toEqual([4, 4, null, 4]);
    expect(smoothed([0, 1], 0.5)).toEqual([0, 2 / 3]);
  });
});

describe('columnsOf', () => {
  it('puts lines side by side at all places that any of them has', () => {
    const lines = [
      { xs: [1, 2, 3], ys: [1, null, 3] },
      { xs: [2, 4], ys: [20, 40] },
    ];
    expect(columnsOf(lines)).toEqual([
      [1, 2, 3, 4],
      [1, null, 3, undefined],
      [undefined, 20, undefined, 40],
    ]);
    expect(columnsOf([])).toEqual([[]]);
  });

  it('has no more places than a chart can show, in order, and every line ends with its last value', () => {
    const lines = Array.from({ length: 10 }, (_, run) => {
      const xs = Array.from({ length: 2_000 }, (_, index) => index * (1 + run / 7) + run / 10);
      return { xs, ys: xs.map((x) => x * 2) };
    });
    const [xs, ...columns] = columnsOf(lines);
    expect(xs.length).toBeLessThanOrEqual(4_001);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    for (const [index, column] of columns.entries()) {
      expect(column.length).toBe(xs.length);
      expect(column.findLast((y) => y !== undefined)).toBe(lines[index]?.ys.at(-1));
    }
  });
});
