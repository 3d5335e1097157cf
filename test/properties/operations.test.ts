import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMetricsCollector, SignalMetrics } from '../../src/index.ts';
import { CapturedLog } from '../support/log.ts';
import { TestMetrics, TestSpans } from '../support/telemetry.ts';
import { anything, texts } from './arbitraries.ts';
import { expectQuiet, expectSound } from './invariants.ts';

let log: CapturedLog;

beforeEach(() => {
  log = new CapturedLog().install();
});

type Callback = (value: unknown) => unknown;

/** Something to wait for that is no promise. */
function thenable(then: (succeed: Callback, fail: Callback) => unknown, target: object = {}): object {
  return Object.defineProperty(target, 'then', { value: then });
}

const noThen = Object.defineProperty({}, 'then', { value: 5 });

class OwnPromise<T> extends Promise<T> {}

/** What a function may do with a value, and whether it is over with what it gives back. */
const endings: Readonly<Record<string, (value: unknown) => unknown>> = {
  returns: (value) => value,
  throws: (value) => {
    throw value;
  },
  resolves: (value) => Promise.resolve(value),
  rejects: (value) => Promise.reject(value),
  'resolves later': async (value) => {
    await Promise.resolve();
    return value;
  },
  'rejects later': async (value) => {
    await Promise.resolve();
    throw value;
  },
  'resolves a promise of a class': (value) => OwnPromise.resolve(value),
  'resolves a thenable': (value) => thenable((succeed) => Promise.resolve().then(() => succeed(value))),
  'resolves a thenable at once': (value) => thenable((succeed) => succeed(value)),
  'rejects a thenable': (value) => thenable((_, fail) => Promise.resolve().then(() => fail(value))),
  'calls back again and again': (value) =>
    thenable((succeed, fail) => {
      succeed(value);
      succeed('second');
      return fail('third');
    }),
  'gives a callable thenable': (value) =>
    thenable(
      (succeed) => succeed(value),
      () => {},
    ),
  'gives a thenable whose then gives another one': (value) =>
    thenable((succeed) => {
      const made = succeed(value);
      return thenable((next) => next(made));
    }),
  'gives a thenable whose then throws': (value) =>
    thenable(() => {
      throw value;
    }),
  'gives a thenable that settles and throws': (value) =>
    thenable((succeed) => {
      succeed(value);
      throw new Error('too late');
    }),
  'gives a then that is none': () => noThen,
  'gives a then that nobody may read': () =>
    Object.defineProperty({}, 'then', {
      get: () => {
        throw new RangeError('getter');
      },
    }),
};

/** Far more turns than any of the endings takes. */
async function turns(): Promise<typeof waiting> {
  for (let turn = 0; turn < 30; turn++) await undefined;
  return waiting;
}

const waiting = Symbol('still waiting');

/** How waiting for it ends, or that it does not: a value may be a thenable that never calls back. */
async function outcomeOf(run: () => unknown): Promise<readonly [string, unknown]> {
  try {
    return ['value', await Promise.race([run(), turns()])];
  } catch (error) {
    return ['error', error];
  }
}

const ending = fc.constantFrom(...Object.keys(endings));

function end(kind: string, value: unknown): unknown {
  return endings[kind]?.(value);
}

/** The same value, or an error that a trap made anew. */
function expectSame(actual: readonly [string, unknown], expected: readonly [string, unknown], kind: string): void {
  expect([kind, actual[0]]).toEqual([kind, expected[0]]);
  if (Object.is(actual[1], expected[1])) return;
  expect(expected[1]).toBeInstanceOf(Error);
  expect(actual[1]).toEqual(expected[1]);
}

describe('what times a function', () => {
  it('gives back what the function gives and throws what it throws, and records it once', async () => {
    const metrics = new TestMetrics();
    const spans = new TestSpans();
    const collector = createMetricsCollector({
      runId: 'run_1',
      meterProvider: metrics.provider,
      tracerProvider: spans.provider,
    });
    const client = new SignalMetrics({ meterProvider: metrics.provider });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(ending, anything, anything, async (kind, makeValue, makeName) => {
        const value = makeValue();
        const name = makeName();
        const expected = await outcomeOf(() => end(kind, value));
        const timed = await outcomeOf(() =>
          Reflect.apply(collector.timeOperation, collector, [name, () => end(kind, value)]),
        );
        expectSame(timed, expected, kind);
        runs += 1;
        const known = await outcomeOf(() => collector.timeOperation('known', () => end(kind, value)));
        expectSame(known, expected, kind);

        const self = {};
        let called: unknown[] = [];
        const wrapped = client.timed('custom.timed_ms', function (this: unknown, ...args: unknown[]) {
          called = [this, ...args];
          return end(kind, value);
        });
        expectSame(await outcomeOf(() => Reflect.apply(wrapped, self, [value, name])), expected, kind);
        expect(called.length).toBe(3);
        expect(called.every((argument, index) => Object.is(argument, [self, value, name][index]))).toBe(true);
      }),
      { numRuns: 5_000, seed: 21 },
    );
    await expectSound(metrics);
    expectQuiet(log);
    expect((await metrics.histogram('signal.performance.known_duration_ms')).count).toBe(runs);
    expect((await metrics.histogram('signal.custom.timed_ms')).count).toBe(runs);
    const points = await metrics.points('signal.performance.known_duration_ms');
    expect(points.length).toBeLessThanOrEqual(102);
    expect(spans.finished().filter((span) => span.name === 'signal.known')).toHaveLength(runs);
    for (const span of spans.finished()) expect(span.name.length).toBeLessThanOrEqual(200);
  });

  it('runs lazy work no second time', async () => {
    const collector = createMetricsCollector({ runId: 'run_1', enableDatadog: false });
    let executions = 0;
    // As query builders do: each `then` sends the query.
    const query = thenable((succeed) => Promise.resolve(++executions).then(succeed));
    expect(await outcomeOf(() => collector.timeOperation('query', () => query))).toEqual(['value', 1]);
    expect(executions).toBe(1);
  });

  it('keeps the class of a promise', () => {
    const collector = createMetricsCollector({ runId: 'run_1', enableDatadog: false });
    expect(collector.timeOperation('sample', () => OwnPromise.resolve(1))).toBeInstanceOf(OwnPromise);
  });

  it('asks for a function where there is none', () => {
    const collector = createMetricsCollector({ runId: 'run_1', enableDatadog: false });
    const client = new SignalMetrics({ enabled: false });
    for (const none of [undefined, null, 5, {}, 'sample']) {
      expect(() => Reflect.apply(collector.timeOperation, collector, ['sample', none])).toThrow(
        /takes a function to call/,
      );
      expect(() => Reflect.apply(client.timed, client, ['sample_ms', none])).toThrow(/takes a function to call/);
    }
  });

  it('ends an operation whatever it is told of its end', async () => {
    const metrics = new TestMetrics();
    const spans = new TestSpans();
    const providers = { meterProvider: metrics.provider, tracerProvider: spans.provider };
    const collector = createMetricsCollector({ runId: 'run_1', ...providers });
    let runs = 0;
    fc.assert(
      fc.property(anything, anything, fc.boolean(), texts, (makeOutcome, makeError, isError, message) => {
        const operation = collector.startOperation('sample');
        const error = isError ? Object.assign(new Error(message), { code: message, name: message }) : makeError();
        Reflect.apply(operation.end, operation, [makeOutcome()]);
        Reflect.apply(operation.end, operation, [{ error }]);
        const failed = collector.startOperation('sample');
        Reflect.apply(failed.end, failed, [{ error, step: makeOutcome() }]);
        runs += 2;
      }),
      { numRuns: 10_000, seed: 22 },
    );
    expect(spans.finished()).toHaveLength(runs);
    expect((await metrics.histogram('signal.performance.sample_duration_ms')).count).toBe(runs);
    // Types of errors that are made from data would be as many series.
    expect((await metrics.points('signal.performance.sample_duration_ms')).length).toBeLessThanOrEqual(102);
    await expectSound(metrics);
    expectQuiet(log);
    for (const { status, attributes } of spans.finished()) {
      expect((status.message ?? '').length).toBeLessThanOrEqual(300);
      expect(status.message ?? '').not.toMatch(/[\p{Cc}\p{Cs}]/u);
      expect(String(attributes['error.type'] ?? 'Error')).toMatch(/^[\w$.:-]{1,64}$/);
    }
  });
});
