import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signalMetrics } from '../../src/catalogue/index.ts';
import { catalogue, createInstruments, createMetricsCollector, SignalMetrics, signalViews } from '../../src/index.ts';
import { CapturedLog } from '../support/log.ts';
import { TestMetrics } from '../support/telemetry.ts';
import { anything, type Make, mostly, texts } from './arbitraries.ts';
import { expectQuiet, expectSound } from './invariants.ts';

const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\p{Cs}]/u;

/** Calls it with something that no typed caller could give. @returns what it makes; `undefined` where it refuses. */
function made<Made>(make: (...args: never[]) => Made, args: unknown[], advice: RegExp): Made | undefined {
  try {
    return Reflect.apply(make, undefined, args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    expect(error.message).toMatch(advice);
    expect(error.message.length).toBeLessThanOrEqual(400);
    expect(error.message).not.toMatch(UNPRINTABLE);
    return undefined;
  }
}

/** An object with some of the options, each of them usable or anything at all. */
function optionsOf(usable: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Make> {
  const parts = Object.entries(usable).map(
    ([key, good]) =>
      [
        key,
        fc.oneof({ weight: 9, arbitrary: good.map((value) => () => value) }, { weight: 1, arbitrary: anything }),
      ] as const,
  );
  return fc
    .record(Object.fromEntries(parts), { requiredKeys: ['runId'].filter((key) => key in usable) })
    .map((makes) => () => Object.fromEntries(Object.entries(makes).map(([key, make]) => [key, make()])));
}

const tags = fc.oneof(
  fc.array(texts, { maxLength: 60 }),
  fc.dictionary(texts, fc.oneof(texts, fc.double(), fc.boolean()), { noNullPrototype: true }),
);

describe('createMetricsCollector', () => {
  it('works, or throws a TypeError that says what to write', async () => {
    const log = new CapturedLog().install();
    const metrics = new TestMetrics();
    const options = optionsOf({
      runId: fc.oneof(texts, fc.constant('run_1')),
      userId: fc.oneof(texts, fc.constant('user_1')),
      model: fc.constant('llama'),
      tags,
      historySize: fc.nat({ max: 5 }),
      enableDatadog: fc.boolean(),
      omitAttributes: fc.oneof(
        fc.subarray(['run_id', 'user_id', 'model']),
        fc.subarray(['run_id:signal.performance.*', 'user_id', 'model:signal.training.perplexity', 'run_id:loss']),
        texts.map((text) => [`run_id:signal.${text}`]),
      ),
      runSampleRatio: fc.double({ min: 0, max: 1 }),
      health: fc.oneof(fc.boolean(), fc.record({ pauseMillis: fc.nat(), klDivergence: fc.constant(false) })),
      meterProvider: fc.constant(metrics.provider),
    });
    const advice =
      /^createMetricsCollector(:? takes an object with runId|: (the options cannot be read|unknown option|(runId|userId|model|historySize|enableDatadog|tags) must be|omitAttributes takes|runSampleRatio must be|health(:| takes)|(meter|tracer|logger)Provider must have))/;
    let works = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: options }, { weight: 1, arbitrary: anything }), (make) => {
        const given = make();
        const collector = made(createMetricsCollector, [given], advice);
        if (collector === undefined) return;
        works += 1;
        collector.collectTrainingMetrics({ step: 1, loss: 0.5 });
        collector.timeOperation('sample', () => 1);
        expect(collector.getMetricsSummary().lastLoss).toBe(0.5);
        collector.end();
      }),
      { numRuns: 8_000, seed: 31 },
    );
    expect(works).toBeGreaterThan(1_000);
    await expectSound(metrics);
    expectQuiet(log);
  });

  it.each<[string, object, RegExp]>([
    ['tags that are none', { tags: 'team:ml' }, /tags must be \["key:value"\] or \{ key: 'value' \}/],
    [
      'attributes to omit that are no list',
      { omitAttributes: 'run_id' },
      /omitAttributes takes run_id, user_id, model, alone or with metrics \("run_id:signal.performance.\*"\), in an array/,
    ],
    ['a provider that is none', { meterProvider: {} }, /meterProvider must have a function getMeter; leave it out/],
    ['a tracer provider that is none', { tracerProvider: null }, /tracerProvider must have a function getTracer/],
    ['a runId of which nothing can be shown', { runId: '\u0000\u202e' }, /runId must be a non-empty string/],
    [
      'options that cannot be read',
      Object.defineProperty({}, 'model', { get: () => expect.fail('read'), enumerable: true }),
      /cannot be read/,
    ],
  ])('refuses %s', (_, options, message) => {
    const both = Object.defineProperties({ runId: 'run_1' }, Object.getOwnPropertyDescriptors(options));
    expect(() => createMetricsCollector(both)).toThrow(message);
  });

  it('reads each option once: what it has checked is what it uses', () => {
    let reads = 0;
    const options = {
      get runId() {
        reads += 1;
        return reads === 1 ? 'run_1' : '';
      },
    };
    expect(createMetricsCollector(options).runId).toBe('run_1');
    expect(reads).toBe(1);
  });
});

describe('SignalMetrics', () => {
  it('works, or throws a TypeError that says what to write', async () => {
    const log = new CapturedLog().install();
    const metrics = new TestMetrics();
    const options = optionsOf({
      namespace: fc.oneof(texts, fc.constantFrom('acme', 'acme.team', 'a'.repeat(50), 'a'.repeat(51))),
      constantTags: tags,
      enabled: fc.boolean(),
      meterProvider: fc.constant(metrics.provider),
    });
    const advice =
      /^SignalMetrics(:? takes an object with namespace|: (the options cannot be read|unknown option|constantTags must be|enabled must be|meterProvider must have|namespace (must be|starts with a letter)))/;
    const make = (given: unknown) => Reflect.construct(SignalMetrics, [given]);
    let works = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: options }, { weight: 1, arbitrary: anything }), (makeOptions) => {
        const client: unknown = made(make, [makeOptions()], advice);
        if (!(client instanceof SignalMetrics)) return;
        works += 1;
        client.gauge('custom.value', 1);
        client.set('custom.set', 'a');
      }),
      { numRuns: 8_000, seed: 32 },
    );
    expect(works).toBeGreaterThan(1_000);
    await expectSound(metrics);
    expectQuiet(log);
  });
});

describe('createInstruments and signalViews', () => {
  it('work, or throw a TypeError that says what to write', () => {
    const views = mostly(
      fc.record({ histograms: fc.constantFrom('exponential', 'explicit', 'other') }, { requiredKeys: [] }),
    );
    const meter = fc.oneof(
      anything,
      fc.constant<Make>(() => new TestMetrics().provider.getMeter('signal')),
    );
    fc.assert(
      fc.property(views, meter, (makeViews, makeMeter) => {
        const given = makeViews();
        const found = made(
          signalViews,
          [given],
          /^signalViews(: histograms must be exponential or explicit| takes an object|: unknown option|: the options cannot be read)/,
        );
        if (found !== undefined) expect(found).toHaveLength(1);
        const instruments = made(
          createInstruments,
          [makeMeter()],
          /^createInstruments takes a meter, such as metrics.getMeter/,
        );
        if (instruments !== undefined) expect(Object.keys(instruments)).toHaveLength(signalMetrics.length);
      }),
      { numRuns: 5_000, seed: 33 },
    );
  });
});

describe('the catalogue', () => {
  it('cannot be changed by whoever reads it', () => {
    const before = JSON.stringify(catalogue);
    const parts = [catalogue, ...catalogue, ...catalogue.map(({ typicalRange }) => typicalRange)];
    fc.assert(
      fc.property(
        fc.nat(),
        fc.oneof(texts, fc.constantFrom('0', 'name', 'kind', 'length', 'min')),
        anything,
        (index, key, make) => {
          const part = parts[index % parts.length] ?? catalogue;
          try {
            Reflect.set(part, key, make());
            Reflect.deleteProperty(part, key);
          } catch (error) {
            // A length that is none.
            expect(error).toBeInstanceOf(Error);
          }
        },
      ),
      { numRuns: 2_000, seed: 34 },
    );
    expect(JSON.stringify(catalogue)).toBe(before);
  });
});
