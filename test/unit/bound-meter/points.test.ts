import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoundFixture, boundReader } from '../../support/bound.ts';

const START = 1_700_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(START);
});

afterEach(() => {
  vi.useRealTimers();
});

function gauge(fixture: BoundFixture) {
  return fixture.meter.createGauge('loss').bind({ run_id: 'run_1' });
}

/** Records a value at each time, in milliseconds after the start, without leaving the turn of the event loop. */
function recordAt(bound: { record(value: number): void }, times: readonly number[]): void {
  for (const millis of times) {
    vi.setSystemTime(START + millis);
    bound.record(millis);
  }
}

async function collected(fixture: BoundFixture, reader = 0): Promise<[number, unknown][]> {
  return (await fixture.points('loss', reader)).map(({ millis, value }) => [millis - START, value]);
}

describe('a gauge of the bound meter', () => {
  it('keeps every value with its own time', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ resolution: 'all' })] });
    const bound = gauge(fixture);
    recordAt(bound, [0, 200, 400, 1_700]);
    expect(await collected(fixture)).toEqual([
      [0, 0],
      [200, 200],
      [400, 400],
      [1_700, 1_700],
    ]);
    expect(await collected(fixture)).toEqual([]);
  });

  it('keeps two values of the same millisecond apart', async () => {
    const fixture = new BoundFixture();
    const bound = gauge(fixture);
    bound.record(1);
    bound.record(2);
    expect((await fixture.points('loss')).map(({ value }) => value)).toEqual([1, 2]);
  });

  it('gives the last value of each second, and waits with a second that is not over', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ resolution: '1s' })] });
    const bound = gauge(fixture);
    recordAt(bound, [0, 200, 900, 1_100, 1_900, 2_300]);
    expect(await collected(fixture)).toEqual([
      [900, 900],
      [1_900, 1_900],
    ]);
    recordAt(bound, [2_700]);
    expect(await collected(fixture)).toEqual([]);
    vi.setSystemTime(START + 3_000);
    expect(await collected(fixture)).toEqual([[2_700, 2_700]]);
    expect(await collected(fixture)).toEqual([]);
  });

  it('hands over the second that is not over when nothing more is to come', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ resolution: '1s' })] });
    recordAt(gauge(fixture), [100, 1_100]);
    for (const producer of fixture.producers) producer.includesOpenSecond = true;
    expect(await collected(fixture)).toEqual([
      [100, 100],
      [1_100, 1_100],
    ]);
  });

  it('gives the last value alone, at the time of the collection', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ resolution: 'last', all: 'cumulative' })] });
    recordAt(gauge(fixture), [0, 1_000, 2_000]);
    vi.setSystemTime(START + 5_000);
    expect(await collected(fixture)).toEqual([[5_000, 2_000]]);
    vi.setSystemTime(START + 6_000);
    expect(await collected(fixture)).toEqual([[6_000, 2_000]]);
  });

  it('repeats the last value to a cumulative reader, but never ahead of one that waits', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ resolution: '1s', all: 'cumulative' })] });
    const bound = gauge(fixture);
    recordAt(bound, [0]);
    vi.setSystemTime(START + 1_500);
    expect(await collected(fixture)).toEqual([[0, 0]]);
    expect(await collected(fixture)).toEqual([[1_500, 0]]);
    recordAt(bound, [2_300]);
    vi.setSystemTime(START + 2_500);
    expect(await collected(fixture)).toEqual([]);
    vi.setSystemTime(START + 3_500);
    expect(await collected(fixture)).toEqual([[2_300, 2_300]]);
  });

  it('gives each reader its own points, whenever the others collect', async () => {
    const fixture = new BoundFixture({
      readers: [
        boundReader({ resolution: '1s' }),
        boundReader({ resolution: 'all' }),
        boundReader({ resolution: 'last', all: 'cumulative' }),
      ],
    });
    const bound = gauge(fixture);
    recordAt(bound, [0, 500, 1_000]);
    vi.setSystemTime(START + 2_000);
    expect(await collected(fixture, 0)).toEqual([
      [500, 500],
      [1_000, 1_000],
    ]);
    recordAt(bound, [2_500]);
    expect(await collected(fixture, 1)).toEqual([
      [0, 0],
      [500, 500],
      [1_000, 1_000],
      [2_500, 2_500],
    ]);
    expect(await collected(fixture, 2)).toEqual([[2_500, 2_500]]);
    vi.setSystemTime(START + 4_000);
    expect(await collected(fixture, 0)).toEqual([[2_500, 2_500]]);
    expect(await collected(fixture, 1)).toEqual([]);
  });

  it('halves the resolution evenly where its buffer is full, counts what gave way, and keeps the last', async () => {
    const fixture = new BoundFixture();
    const bound = gauge(fixture);
    const total = 10_000;
    recordAt(
      bound,
      Array.from({ length: total }, (_, index) => index),
    );
    const points = await collected(fixture);
    expect(points.length).toBeLessThanOrEqual(1_024);
    expect(points.length).toBeGreaterThan(500);
    expect(points.length + fixture.provider.losses.pointsReduced).toBe(total);
    expect(points.at(-1)).toEqual([total - 1, total - 1]);
    const gaps = new Set(points.slice(1, -1).map(([millis], index) => millis - (points[index]?.[0] ?? 0)));
    expect([...gaps]).toEqual([16]);
  });

  it('stays bounded for a reader that never collects', async () => {
    const fixture = new BoundFixture({ readers: [boundReader(), boundReader()] });
    const bound = gauge(fixture);
    let recorded = 0;
    for (let round = 0; round < 50; round++) {
      recordAt(
        bound,
        Array.from({ length: 100 }, () => recorded++),
      );
      await fixture.points('loss', 0);
    }
    const late = await collected(fixture, 1);
    expect(late.length).toBeLessThanOrEqual(1_024);
    expect(late.at(-1)).toEqual([recorded - 1, recorded - 1]);
    expect(late.length + fixture.provider.losses.pointsReduced).toBe(recorded);
  });
});
