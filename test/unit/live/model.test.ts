import { describe, expect, it } from 'vitest';
import { latestEvents, Model } from '../../../src/live/page/model.ts';
import type { WireRun } from '../../../src/live/protocol.ts';

function runOf(runId: string, startedMillis: number, titles: Readonly<Record<string, number>>): WireRun {
  const events = Object.entries(titles).map(([title, time]) => ({ step: 1, time, title, text: '', alertType: 'info' }));
  return {
    runId,
    model: null,
    startedMillis,
    isEnded: false,
    step: 1,
    metrics: {},
    events,
    keptEvents: events.length,
  };
}

describe('what happened', () => {
  it('is listed by when it happened, whenever the runs began', () => {
    const model = new Model();
    const hour = 3_600_000;
    const runs = [
      runOf('run_old', 0, { first: 1_000, third: hour + 2_000 }),
      runOf('run_new', hour, { second: 1_000, last: 5_000 }),
    ];
    model.apply({ runIds: ['run_old', 'run_new'], runs });
    const titles = (most: number) => latestEvents(model.runs, most).map(({ event }) => event.title);
    expect(titles(10)).toEqual(['last', 'third', 'second', 'first']);
    expect(titles(2)).toEqual(['last', 'third']);
  });

  it('is forgotten as the process forgets it', () => {
    const model = new Model();
    const update = (run: WireRun) => model.apply({ runIds: [run.runId], runs: [run] });
    update(runOf('run_a', 0, { one: 1, two: 2, three: 3 }));
    update({ ...runOf('run_a', 0, { four: 4 }), keptEvents: 3 });
    expect(model.runs[0]?.events.map(({ title }) => title)).toEqual(['two', 'three', 'four']);
  });
});
