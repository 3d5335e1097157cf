import { ValueType } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoundFixture, boundReader } from '../../support/bound.ts';
import { CapturedLog } from '../../support/log.ts';

let log: CapturedLog;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(1_700_000_000_000);
  log = new CapturedLog().install();
});

afterEach(() => {
  vi.useRealTimers();
});

async function values(fixture: BoundFixture, name: string, reader = 0): Promise<unknown[]> {
  return (await fixture.points(name, reader)).map(({ value }) => value);
}

describe('bind', () => {
  it('copies the attributes', async () => {
    const fixture = new BoundFixture();
    const attributes = { run_id: 'run_1' };
    const bound = fixture.meter.createCounter('steps').bind(attributes);
    attributes.run_id = 'other';
    bound.add(1);
    expect((await fixture.points('steps')).map((point) => point.attributes)).toEqual([{ run_id: 'run_1' }]);
  });

  it('processes attributes when it is called, and at no measurement', async () => {
    let processed = 0;
    const fixture = new BoundFixture({
      views: ({ name, description }) => [
        {
          name,
          description,
          aggregation: { type: 'default' },
          recordsMinMax: true,
          processAttributes: ({ run_id }) => {
            processed += 1;
            return run_id === undefined ? {} : { run_id };
          },
        },
      ],
    });
    const bound = fixture.meter.createCounter('steps').bind({ run_id: 'run_1', user_id: 'a' });
    for (let step = 0; step < 100; step++) bound.add(1);
    expect(processed).toBe(1);
    expect((await fixture.points('steps')).map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ run_id: 'run_1' }, 100],
    ]);
  });

  it('records into the series of a plain measurement with the same attributes in any order', async () => {
    const fixture = new BoundFixture();
    const counter = fixture.meter.createCounter('steps');
    counter.bind({ a: 1, b: 2 }).add(1);
    counter.add(2, { b: 2, a: 1 });
    expect(await values(fixture, 'steps')).toEqual([3]);
  });

  it('refuses what a plain measurement refuses', async () => {
    const fixture = new BoundFixture();
    const nothing: unknown = 'text';
    const counter = fixture.meter.createCounter('steps').bind({});
    counter.add(-1);
    counter.add(nothing as number);
    fixture.meter.createHistogram('ms').bind({}).record(-1);
    fixture.meter.createGauge('whole', { valueType: ValueType.INT }).bind({}).record(2.7);
    expect([...(await fixture.collect())].map(([name, points]) => [name, points[0]?.value])).toEqual([['whole', 2]]);
    expect(log.warnings).toHaveLength(4);
  });
});

describe('unbind', () => {
  it('hands the rest to every reader, then forgets the series', async () => {
    const fixture = new BoundFixture({
      readers: [boundReader(), boundReader({ all: 'cumulative', resolution: 'last' })],
    });
    const bound = fixture.meter.createGauge('loss').bind({ run_id: 'run_1' });
    bound.record(1);
    bound.unbind();
    expect(await values(fixture, 'loss', 0)).toEqual([1]);
    expect(await values(fixture, 'loss', 0)).toEqual([]);
    expect(await values(fixture, 'loss', 1)).toEqual([1]);
    expect(await values(fixture, 'loss', 1)).toEqual([]);
  });

  it('hands over the second that is not over', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ resolution: '1s' })] });
    const bound = fixture.meter.createGauge('loss').bind({});
    bound.record(1);
    expect(await values(fixture, 'loss')).toEqual([]);
    bound.unbind();
    expect(await values(fixture, 'loss')).toEqual([1]);
  });

  it('leaves the series to others that are bound to it', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ all: 'cumulative' })] });
    const counter = fixture.meter.createCounter('steps');
    const [first, second] = [counter.bind({}), counter.bind({})];
    first.add(1);
    first.unbind();
    first.unbind();
    expect(await values(fixture, 'steps')).toEqual([1]);
    second.add(1);
    expect(await values(fixture, 'steps')).toEqual([2]);
    second.unbind();
    expect(await values(fixture, 'steps')).toEqual([2]);
    expect(await values(fixture, 'steps')).toEqual([]);
  });

  it('is undone by a later measurement, before and after the series is forgotten', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ all: 'cumulative' })] });
    const bound = fixture.meter.createCounter('steps').bind({});
    bound.add(1);
    bound.unbind();
    bound.add(1);
    expect(await values(fixture, 'steps')).toEqual([2]);
    expect(await values(fixture, 'steps')).toEqual([2]);
    bound.unbind();
    expect(await values(fixture, 'steps')).toEqual([2]);
    expect(await values(fixture, 'steps')).toEqual([]);
    bound.add(5);
    expect(await values(fixture, 'steps')).toEqual([5]);
  });

  it.each(['delta', 'cumulative'] as const)('keeps nothing of runs that have ended (%s)', async (all) => {
    const fixture = new BoundFixture({ readers: [boundReader({ all })], maxSeries: 1_000 });
    const gauge = fixture.meter.createGauge('loss');
    let delivered = 0;
    for (let run = 0; run < 10_000; run++) {
      const bound = gauge.bind({ run_id: `run_${run}` });
      bound.record(run);
      bound.unbind();
      if (run % 100 === 99) delivered += (await fixture.points('loss')).length;
    }
    expect(delivered).toBe(10_000);
    expect(log.warnings).toEqual([]);
  });
});

describe('an idle series', () => {
  it('is forgotten after a while, and comes back with a later measurement', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ all: 'cumulative' })], idleTimeoutMillis: 60_000 });
    const bound = fixture.meter.createCounter('steps').bind({});
    bound.add(1);
    expect(await values(fixture, 'steps')).toEqual([1]);
    expect(await values(fixture, 'steps')).toEqual([1]);
    vi.setSystemTime(Date.now() + 60_000);
    expect(await values(fixture, 'steps')).toEqual([1]);
    expect(await values(fixture, 'steps')).toEqual([]);
    bound.add(7);
    expect(await values(fixture, 'steps')).toEqual([7]);
  });

  it('is kept where it is a level, which must not begin at 0 again', async () => {
    const fixture = new BoundFixture({ readers: [boundReader({ all: 'cumulative' })], idleTimeoutMillis: 60_000 });
    const level = fixture.meter.createUpDownCounter('in_flight').bind({});
    level.add(5);
    for (let time = 0; time < 3; time++) {
      expect(await values(fixture, 'in_flight')).toEqual([5]);
      vi.setSystemTime(Date.now() + 60_000);
    }
    level.add(-1);
    expect(await values(fixture, 'in_flight')).toEqual([4]);
  });

  it('is kept until every reader has had the last of it', async () => {
    const fixture = new BoundFixture({ readers: [boundReader(), boundReader()], idleTimeoutMillis: 60_000 });
    fixture.meter.createCounter('steps').add(3);
    for (let time = 0; time < 3; time++) {
      await fixture.points('steps', 0);
      vi.setSystemTime(Date.now() + 60_000);
    }
    expect(await values(fixture, 'steps', 1)).toEqual([3]);
  });
});

describe('the limit of live series', () => {
  function limited() {
    const fixture = new BoundFixture({ maxSeries: 10 });
    return { fixture, losses: fixture.provider.losses, counter: fixture.meter.createCounter('steps') };
  }

  it('makes room by forgetting ended series first, then idle ones', async () => {
    const { fixture, losses, counter } = limited();
    for (let run = 0; run < 10; run++) counter.add(1, { run });
    await fixture.points('steps');
    const ended = counter.bind({ run: 9 });
    ended.add(1);
    ended.unbind();
    counter.add(1, { run: 'new' });
    expect(losses).toMatchObject({ seriesEvicted: 1, measurementsRefused: 0 });
    counter.add(1, { run: 'newer' });
    expect(losses).toMatchObject({ seriesEvicted: 2, measurementsRefused: 0 });
    expect((await fixture.points('steps')).map(({ attributes }) => attributes.run)).toEqual(['new', 'newer']);
  });

  it('refuses what finds no room, with one warning and a count, and mixes no runs', async () => {
    const { fixture, losses, counter } = limited();
    for (let run = 0; run < 50; run++) counter.add(1, { run });
    expect(losses.measurementsRefused).toBe(40);
    expect(log.warnings).toHaveLength(1);
    const points = await fixture.points('steps');
    expect(points.map(({ attributes, value }) => [attributes.run, value])).toEqual(
      Array.from({ length: 10 }, (_, run) => [run, 1]),
    );
  });

  it('lets a bound instrument in once there is room again, and counts what it recorded before', async () => {
    const { fixture, losses, counter } = limited();
    const held = Array.from({ length: 10 }, (_, run) => counter.bind({ run }));
    for (const bound of held) bound.add(1);
    const late = counter.bind({ run: 'late' });
    expect(losses.measurementsRefused).toBe(0);
    late.add(1);
    expect(losses.measurementsRefused).toBe(1);
    held[0]?.unbind();
    await fixture.points('steps');
    late.add(5);
    expect((await fixture.points('steps')).map(({ attributes, value }) => [attributes.run, value])).toEqual([
      ['late', 5],
    ]);
  });
});
