import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { signalMetrics } from '../../src/catalogue/index.ts';
import { createInstruments, createMetricsCollector, SignalMetrics } from '../../src/index.ts';
import { CapturedLog } from '../support/log.ts';
import { TestEvents, TestMetrics, TestSpans } from '../support/telemetry.ts';
import { anything, type Make, mostly, texts } from './arbitraries.ts';
import { expectQuiet, expectSound, watched } from './invariants.ts';

const log = new CapturedLog();

beforeAll(() => {
  log.install();
});

type Method = (...args: unknown[]) => unknown;

/** Typed callers cannot do any of this; JavaScript ones, and JSON from a server, can. */
function callable<Target extends object>(target: Target, names: readonly (keyof Target & string)[]): Method[] {
  return names.map((name) => {
    const method: unknown = target[name];
    if (!isMethod(method)) throw new TypeError(`${name} is no method`);
    return (...args) => Reflect.apply(method, target, args);
  });
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

function setUp() {
  const metrics = new TestMetrics();
  const spans = new TestSpans();
  const events = new TestEvents();
  const loggerProvider = events.provider;
  const providers = { meterProvider: metrics.provider, tracerProvider: spans.provider, loggerProvider };
  const collector = createMetricsCollector({ runId: 'run_1', tags: ['team:ml'], ...providers });
  const client = new SignalMetrics({ meterProvider: metrics.provider, loggerProvider, constantTags: ['env:test'] });
  return { metrics, spans, events, collector, client };
}

/** The methods that record, each with one call of it that is right. */
function methodsOf({ collector, client }: ReturnType<typeof setUp>): Method[] {
  return [
    ...callable(collector, [
      'collectTrainingMetrics',
      'collectRlMetrics',
      'collectPerformanceMetrics',
      'collectResult',
      'event',
      'serviceCheck',
      'getHealth',
      'getMetricsSummary',
      'end',
    ]),
    ...callable(client, [
      'gauge',
      'histogram',
      'distribution',
      'timing',
      'increment',
      'decrement',
      'set',
      'event',
      'serviceCheck',
    ]),
    (title, text, tags) =>
      callable(client, ['event'])[0]?.({ title, text, alertType: text, aggregationKey: title, tags }),
    (checkName, status, tags) => callable(client, ['serviceCheck'])[0]?.({ checkName, status, message: status, tags }),
    (name, outcome) => callable(collector.startOperation('sample'), ['end'])[0]?.(outcome, name),
    (name) => callable(collector, ['startOperation'])[0]?.(name),
    (index) => callable(collector.metricsHistory, ['at'])[0]?.(index),
    (name, value) => collector.collectResult({ metrics: { [String(typeof name)]: name, loss: value } }),
  ];
}

const options = fc
  .record({ tags: anything, sampleRate: mostly(fc.constantFrom(1, 0.5, 1e-4, 1e-5, 5e-324)) }, { requiredKeys: [] })
  .map(
    ({ tags, sampleRate }): Make =>
      () => ({ ...(tags && { tags: tags() }), ...(sampleRate && { sampleRate: sampleRate() }) }),
  );
const name = mostly(fc.oneof(texts, fc.constantFrom('custom.good', 'signal.training.loss', 'custom.good_count')));
const value = mostly(fc.oneof(fc.double(), fc.integer()));

/** Which method, and with what: names and values first, as most methods want them, or anything at all. */
const calls = fc.tuple(
  fc.nat(),
  fc.oneof(fc.tuple(name, value, fc.oneof(options, anything)), fc.tuple(anything, anything, anything)),
);

describe('every method that records', () => {
  it('throws and returns nothing of note, changes nothing, and poisons no series', async () => {
    const subject = setUp();
    const { metrics, spans, collector, client } = subject;
    const methods = methodsOf(subject);
    client.gauge('custom.good', 0);
    client.increment('custom.good_count', 1, { tags: ['series:good'] });
    client.histogram('custom.good_ms', 1, { tags: ['series:good'] });
    let changes = 0;
    fc.assert(
      fc.property(calls, fc.boolean(), ([index, makes], isWatched) => {
        const given = makes.map((make) => make());
        const args = isWatched ? given.map((argument) => watched(argument, () => changes++)) : given;
        const returned = methods[index % methods.length]?.(...args);
        if (returned instanceof Promise) expect.fail('a promise that may reject');
      }),
      { numRuns: 60_000, seed: 11 },
    );
    expect(changes).toBe(0);
    expect(await expectSound(metrics)).toBeGreaterThan(100);
    expectQuiet(log);
    expect(spans.finished().length).toBeGreaterThan(1_000);
    for (const span of spans.finished()) expect(span.name.length).toBeLessThanOrEqual(200);
    expect(subject.events.events().length).toBeGreaterThan(1_000);
    expect(subject.events.checks().length).toBeGreaterThan(100);
    for (const { title, text, aggregationKey = '' } of subject.events.events()) {
      expect(title.length).toBeGreaterThan(0);
      expect(Math.max(title.length, aggregationKey.length)).toBeLessThanOrEqual(100);
      expect(text.length).toBeLessThanOrEqual(4_000);
    }

    collector.collectTrainingMetrics({ step: 2 ** 40, loss: 0.25, gradNorm: 2 });
    client.gauge('custom.good', 42);
    client.increment('custom.good_count', 2, { tags: ['series:good'] });
    client.histogram('custom.good_ms', 3, { tags: ['series:good'] });
    const run = { run_id: 'run_1', team: 'ml' };
    expect(await find(metrics, 'signal.training.loss', run)).toBe(0.25);
    expect(await find(metrics, 'signal.training.current_step', run)).toBe(2 ** 40);
    expect(await find(metrics, 'signal.custom.good', { env: 'test' })).toBe(42);
    const good = { env: 'test', series: 'good' };
    expect(await find(metrics, 'signal.custom.good_count', good)).toBe(3);
    expect(await find(metrics, 'signal.custom.good_ms', good)).toMatchObject({ count: 2, sum: 4, min: 1, max: 3 });
    expect(collector.metricsHistory.at(-1)?.metrics).toEqual({
      'signal.training.loss': 0.25,
      'signal.training.grad_norm': 2,
    });
    const summary = collector.getMetricsSummary();
    expect(summary.lastLoss).toBe(0.25);
    expect(collector.metricsHistory.length).toBeLessThanOrEqual(1_000);
  });

  it('keeps sums finite, whatever finite values are added', async () => {
    const { metrics, collector, client } = setUp();
    const huge = fc.double({ noNaN: true, noDefaultInfinity: true }).map(Math.abs);
    fc.assert(
      fc.property(
        fc.oneof(huge, fc.constantFrom(Number.MAX_VALUE, 1e308, 1e281, 1e280)),
        fc.boolean(),
        (size, isSampled) => {
          const sampling = isSampled ? { sampleRate: 1e-4 } : {};
          client.increment('custom.up', size, sampling);
          client.decrement('custom.down', size, sampling);
          client.histogram('custom.sum_ms', size);
          client.gauge('custom.level', -size);
          collector.collectPerformanceMetrics({ forwardBackwardDurationMs: size, queueDepth: size });
        },
      ),
      { numRuns: 4_000, seed: 12 },
    );
    await expectSound(metrics);
    const before = Number((await metrics.values('signal.custom.up'))[0]);
    expect(before).toBeGreaterThan(1e280);
    const refused = await metrics.points('signal.training.non_finite');
    expect(refused.map(({ attributes }) => attributes.metric)).toContain('signal.custom.up');
    expect(await metrics.values('signal.custom.level')).toEqual([expect.any(Number)]);
  });

  it('is the same for instruments of ones own', async () => {
    const metrics = new TestMetrics();
    const instruments = Object.values(createInstruments(metrics.provider.getMeter('signal')));
    fc.assert(
      fc.property(fc.nat(), value, anything, anything, (index, makeValue, makeAttributes, makeContext) => {
        const instrument = instruments[index % instruments.length];
        if (instrument === undefined) throw new RangeError('no instrument');
        const method: object = 'add' in instrument ? instrument.add : instrument.record;
        if (!isMethod(method)) throw new TypeError('no method');
        expect(Reflect.apply(method, instrument, [makeValue(), makeAttributes(), makeContext()])).toBeUndefined();
      }),
      { numRuns: 10_000, seed: 13 },
    );
    await expectSound(metrics);
    expectQuiet(log);
    expect((await metrics.collect()).size).toBe(signalMetrics.length);
  });
});

async function find(metrics: TestMetrics, metric: string, attributes: object): Promise<unknown> {
  const wanted = JSON.stringify(Object.entries(attributes).sort());
  const points = await metrics.points(metric);
  return points.find((point) => JSON.stringify(Object.entries(point.attributes).sort()) === wanted)?.value;
}
