import { describe, expect, it } from 'vitest';
import { type HistoryEntry, HistoryRing, RunStatistics } from '../../../src/run/history.ts';

function entry(step: number, metrics: Record<string, number> = { 'signal.training.loss': step }): HistoryEntry {
  return { timestampMillis: 1_000 + step, step, metrics };
}

describe('HistoryRing', () => {
  it('keeps the last entries in order, however many come', () => {
    const history = new HistoryRing(3);
    for (let step = 0; step < 8; step++) history.push(entry(step));
    expect(history.length).toBe(3);
    expect(JSON.parse(JSON.stringify(history))).toEqual(history.toArray());
    expect(history.toArray().map(({ step }) => step)).toEqual([5, 6, 7]);
    expect([history.at(0)?.step, history.at(-1)?.step, history.at(3), history.at(-4)]).toEqual([
      5,
      7,
      undefined,
      undefined,
    ]);
  });

  it('starts anew after clear, in the middle of the ring too', () => {
    const history = new HistoryRing(3);
    for (let step = 0; step < 5; step++) history.push(entry(step));
    history.clear();
    expect(history.toArray()).toEqual([]);
    expect(history.at(-1)).toBeUndefined();
    for (let step = 10; step < 14; step++) history.push(entry(step));
    expect(history.toArray().map(({ step }) => step)).toEqual([11, 12, 13]);
  });

  it('keeps nothing with a capacity of 0', () => {
    const history = new HistoryRing(0);
    history.push(entry(1));
    expect(history.length).toBe(0);
  });
});

describe('RunStatistics', () => {
  it('has the same keys empty as filled', () => {
    const statistics = new RunStatistics();
    const empty = statistics.summary();
    expect(empty).toEqual({
      numMetrics: 0,
      firstTimestampMillis: null,
      lastTimestampMillis: null,
      lastStep: null,
      lastLoss: null,
      metrics: {},
    });
    statistics.add(entry(1));
    expect(Object.keys(statistics.summary())).toEqual(Object.keys(empty));
  });

  it('gives min, max, last and count, with non-finite values counted apart', () => {
    const statistics = new RunStatistics();
    for (const loss of [3, -1, Number.NaN, 2, Infinity]) statistics.add(entry(1, { 'signal.training.loss': loss }));
    const summary = statistics.summary();
    expect(summary.metrics['signal.training.loss']).toEqual({
      min: -1,
      max: 3,
      last: Infinity,
      count: 5,
      nonFinite: 2,
    });
    expect(summary.lastLoss).toBe(Infinity);
  });

  it('has no minimum where every value was non-finite', () => {
    const statistics = new RunStatistics();
    statistics.add(entry(1, { 'signal.training.loss': Number.NaN }));
    expect(statistics.summary().metrics['signal.training.loss']).toMatchObject({
      min: null,
      max: null,
      last: Number.NaN,
    });
  });
});
