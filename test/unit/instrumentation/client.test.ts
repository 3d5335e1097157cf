import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMetricsCollector, instrumentTrainingClient, SignalInstrumentation } from '../../../src/index.ts';
import { CapturedLog } from '../../support/log.ts';
import { asRecord } from '../../support/shape.ts';
import { json, type SignalServer, startSignalServer } from '../../support/signal-server.ts';
import { TestMetrics, TestSpans } from '../../support/telemetry.ts';

const RUN = 'run_0123456789abcdef';
const DURATION = 'signal.performance.forward_backward_duration_ms';
const DEPTH = 'signal.performance.queue_depth';
const LOSS = 'signal.training.loss';
const passed = { loss: 0.5, step: 3, grad_norm: 1.5, metrics: { kl_divergence: 0.01 } };

let metrics: TestMetrics;
let spans: TestSpans;
let server: SignalServer;
let instrumentation: SignalInstrumentation;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});

beforeEach(async () => {
  metrics = new TestMetrics();
  spans = new TestSpans();
  server = await startSignalServer();
  instrumentation = new SignalInstrumentation({ gpuIntervalMillis: 0 });
  instrumentation.setMeterProvider(metrics.provider);
  instrumentation.setTracerProvider(spans.provider);
});

afterEach(async () => {
  instrumentation.disable();
  await server[Symbol.asyncDispose]();
});

function onlySpan() {
  const finished = spans.finished();
  expect(finished).toHaveLength(1);
  return finished[0];
}

async function expectOneCall(attributes: object = {}) {
  expect(onlySpan()).toMatchObject({ name: 'signal.forward_backward', attributes: { run_id: RUN, ...attributes } });
  expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
  expect(await metrics.values(LOSS)).toEqual([0.5]);
  expect(await metrics.values('signal.training.step')).toEqual([1]);
  expect(await metrics.values(DEPTH)).toEqual([0]);
}

class BoundClient {
  readonly #secret = 'private';
  readonly runId = RUN;
  seen: unknown;

  async forwardBackward(request: { readonly batchData: readonly object[]; readonly lossFn: string }) {
    this.seen = [this.#secret, request];
    return passed;
  }

  self() {
    return this;
  }
}

describe('a client', () => {
  it('stays the object that it is, with its types, its this and its own private fields', async () => {
    const client = new BoundClient();
    const instrumented: BoundClient = instrumentTrainingClient(client);
    const { forwardBackward } = BoundClient.prototype;
    expect(instrumented).toBe(client);
    expect(instrumented.self()).toBe(client);
    expect(Object.keys(instrumented)).toEqual(['runId', 'seen']);
    expect([instrumented.forwardBackward.name, instrumented.forwardBackward.length]).toEqual([
      forwardBackward.name,
      forwardBackward.length,
    ]);
    const request = { batchData: [{}, {}], lossFn: 'ppo' };
    expect(await instrumented.forwardBackward(request)).toBe(passed);
    expect(instrumented.seen).toEqual(['private', request]);
    await expectOneCall({ step: 3, loss_fn: 'ppo', batch_size: 2 });
  });

  it('that is wrapped twice is counted once', async () => {
    const client = instrumentTrainingClient(instrumentTrainingClient(new BoundClient()));
    await client.forwardBackward({ batchData: [], lossFn: 'ppo' });
    await expectOneCall();
  });

  it('that is frozen is one that stands for it, and that too once', async () => {
    class FrozenClient extends BoundClient {
      readonly #run: string;
      constructor() {
        super();
        this.#run = 'mine';
        Object.freeze(this);
      }
      override async forwardBackward() {
        return { ...passed, run: this.#run };
      }
      name() {
        return this.#run;
      }
    }
    const frozen = new FrozenClient();
    const client = instrumentTrainingClient(instrumentTrainingClient(frozen));
    expect(client).toBeInstanceOf(FrozenClient);
    expect(client.name()).toBe('mine');
    expect({ ...client }).toEqual({ ...frozen });
    expect(await client.forwardBackward()).toEqual({ ...passed, run: 'mine' });
    await expectOneCall();
    const literal = Object.freeze({ run_id: RUN, optim_step: () => ({ step: 4, learning_rate: 0.5 }) });
    expect(instrumentTrainingClient(literal).optim_step()).toEqual({ step: 4, learning_rate: 0.5 });
    expect(await metrics.values('signal.training.learning_rate')).toEqual([0.5]);
  });

  it.each([
    ['no object', undefined],
    ['a text', 'client'],
    ['one without such a method', { forward: () => 1 }],
  ])('that is %s is refused', (_, client) => {
    expect(() => Reflect.apply(instrumentTrainingClient, undefined, [client])).toThrow(
      /instrumentTrainingClient takes/,
    );
  });

  it('with a misspelt option is refused', () => {
    expect(() => Reflect.apply(instrumentTrainingClient, undefined, [new BoundClient(), { runid: RUN }])).toThrow(
      'write runId',
    );
  });
});

describe('the run', () => {
  const anonymous = () => ({ forward_backward: (..._args: unknown[]) => passed });

  it.each([
    ['the option', () => instrumentTrainingClient(anonymous(), { runId: RUN }).forward_backward([{}], 'ppo')],
    ['the first argument', () => instrumentTrainingClient(anonymous()).forward_backward(RUN, [{}], 'ppo')],
    ['a field of it', () => instrumentTrainingClient(anonymous()).forward_backward({ run_id: RUN, batch_data: [{}] })],
  ])('comes from %s', async (_, call) => {
    expect(call()).toBe(passed);
    await expectOneCall({ batch_size: 1 });
  });

  it('is unknown where nobody says it, and that is told once', async () => {
    const log = new CapturedLog().install();
    const client = instrumentTrainingClient(anonymous());
    client.forward_backward([{}]);
    client.forward_backward([{}]);
    expect(await metrics.attributes(LOSS)).toEqual([{ run_id: 'unknown' }]);
    expect(log.warnings.filter((text) => text.includes('instrumentTrainingClient(client, { runId })'))).toHaveLength(1);
  });

  it('is nobody’s where an argument cannot be read: no call is left open', async () => {
    const request = {
      get lossFn(): string {
        throw new Error('not now');
      },
    };
    const client = instrumentTrainingClient({ runId: RUN, forwardBackward: async (_: object) => passed });
    expect(await client.forwardBackward(request)).toBe(passed);
    expect(await metrics.values(DEPTH)).toEqual([]);
    instrumentation.disable();
    expect(spans.finished()).toEqual([]);
  });

  it('is never a prompt', async () => {
    const client = instrumentTrainingClient({ run_id: undefined, sample: (_prompt: string) => ({ outputs: ['x'] }) });
    client.sample('SECRET');
    expect(JSON.stringify(spans.finished().map(({ attributes }) => attributes))).not.toContain('SECRET');
  });
});

describe('what a method gives', () => {
  const future = <T>(settle: () => Promise<T>) => {
    let asked = 0;
    return {
      get asked() {
        return asked;
      },
      result(): Promise<T> {
        asked += 1;
        return settle();
      },
    };
  };

  it('throws what it throws', async () => {
    const error = new RangeError('mine');
    const client = instrumentTrainingClient({
      runId: RUN,
      forwardBackward: () => {
        throw error;
      },
      optimStep: () => Promise.reject(error),
    });
    expect(() => client.forwardBackward()).toThrow(error);
    await expect(client.optimStep()).rejects.toBe(error);
    for (const { status, attributes } of spans.finished()) {
      expect([status.code, attributes['error.type']]).toEqual([SpanStatusCode.ERROR, 'RangeError']);
    }
    expect(spans.finished()).toHaveLength(2);
  });

  it('is a promise with what hangs on it', async () => {
    const cancel = () => 'cancelled';
    const client = instrumentTrainingClient({
      runId: RUN,
      forwardBackward: () => Object.assign(Promise.resolve(passed), { cancel }),
    });
    const pending = client.forwardBackward();
    expect(pending.cancel).toBe(cancel);
    expect(await pending).toBe(passed);
    await expectOneCall();
  });

  it('is a future that is not asked before its owner does', async () => {
    const given = future(async () => passed);
    const client = instrumentTrainingClient({ runId: RUN, forwardBackwardAsync: () => given });
    expect(client.forwardBackwardAsync()).toBe(given);
    expect(given.asked).toBe(0);
    expect(spans.finished()).toEqual([]);
    expect(await metrics.values(DEPTH)).toEqual([1]);
    expect(await given.result()).toBe(passed);
    expect(await given.result()).toBe(passed);
    expect(given.asked).toBe(2);
    await expectOneCall();
  });

  it('is a promise of a future', async () => {
    const client = instrumentTrainingClient({
      runId: RUN,
      forward_backward_async: async () => future(async () => passed),
    });
    const given = await client.forward_backward_async();
    expect(spans.finished()).toEqual([]);
    expect(await given.result()).toBe(passed);
    await expectOneCall();
  });

  it('is a future that can be awaited', async () => {
    class Awaitable {
      readonly #result = Promise.resolve(passed);
      // biome-ignore lint/suspicious/noThenProperty: it is what is tested
      then<A, B>(onValue: (value: typeof passed) => A, onError: (error: unknown) => B): Promise<A | B> {
        return this.#result.then(onValue, onError);
      }
      result() {
        return this.#result;
      }
    }
    const given = new Awaitable();
    const client = instrumentTrainingClient({ runId: RUN, forwardBackwardAsync: () => given });
    expect(client.forwardBackwardAsync() === given).toBe(true);
    expect(await given).toBe(passed);
    await expectOneCall();
  });

  it('is a future that fails', async () => {
    const error = new Error('out of memory');
    const client = instrumentTrainingClient({
      runId: RUN,
      forwardBackwardAsync: () => future(() => Promise.reject(error)),
    });
    await expect(client.forwardBackwardAsync().result()).rejects.toBe(error);
    expect(onlySpan()?.status.code).toBe(SpanStatusCode.ERROR);
    expect(await metrics.values(DEPTH)).toEqual([0]);
  });

  it('is an answer that has failed, or one in camelCase with nulls', async () => {
    const answers = [
      { status: 'failed', error: 'SECRET' },
      { loss: 0.5, step: 3, gradNorm: null, metrics: null },
    ];
    const client = instrumentTrainingClient({ runId: RUN, forwardBackward: async () => answers.shift() });
    await client.forwardBackward();
    await client.forwardBackward();
    expect(spans.finished().map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.UNSET]);
    expect(await metrics.values(LOSS)).toEqual([0.5]);
    expect(await metrics.values('signal.training.grad_norm')).toEqual([]);
  });
});

describe('a call that is seen twice', () => {
  const fetchJson = async (path: string, init: RequestInit) =>
    asRecord(await (await fetch(`${server.url}${path}`, init)).json(), path);
  const submit = (path: string) => fetchJson(path, { method: 'POST', body: '{"batch_data": [{}], "loss_fn": "dpo"}' });

  it('by the client and by its request is one, and learns its run from that', async () => {
    server.answer(json(passed));
    const client = instrumentTrainingClient({ forwardBackward: () => submit(`/runs/${RUN}/forward_backward`) });
    expect(await client.forwardBackward()).toEqual(passed);
    await expectOneCall({ loss_fn: 'dpo', batch_size: 1, 'http.response.status_code': 200, retry_count: 0 });
  });

  it('and is sent again by the client is one, with its retries', async () => {
    server.answer(json({}, 503), json({}, 429), json(passed));
    const client = instrumentTrainingClient({
      runId: RUN,
      async forwardBackward() {
        for (;;) {
          const answer = await submit(`/runs/${RUN}/forward_backward`);
          if ('loss' in answer) return answer;
        }
      },
    });
    await client.forwardBackward();
    await expectOneCall({ retry_count: 2 });
    const span = onlySpan();
    expect([span?.status.code, span?.attributes.error_kind]).toEqual([SpanStatusCode.UNSET, undefined]);
    expect(span?.events.map(({ attributes }) => attributes?.error_kind)).toEqual(['unavailable', 'rate_limit']);
  });

  it('and fails in the end says why', async () => {
    server.answer(json({ error: 'no' }, 402));
    const client = instrumentTrainingClient({
      runId: RUN,
      async forwardBackward() {
        await submit(`/runs/${RUN}/forward_backward`);
        throw new TypeError('no credits');
      },
    });
    await expect(client.forwardBackward()).rejects.toThrow('no credits');
    expect(onlySpan()?.attributes).toMatchObject({ error_kind: 'credits', 'error.type': 'TypeError' });
  });

  it('through a queue that sends from elsewhere is one', async () => {
    server.answer(json(passed));
    const waiting: (() => void)[] = [];
    const client = instrumentTrainingClient({
      runId: RUN,
      forwardBackward: () =>
        new Promise((resolve) => {
          waiting.push(() => resolve(submit(`/runs/${RUN}/forward_backward`)));
        }),
    });
    const call = client.forwardBackward();
    for (const send of waiting) send();
    await call;
    await expectOneCall();
  });

  it('and polled for by the client is one', async () => {
    const result = { status: 'completed', result: passed };
    server.answer(json({ future_id: 'f1', status: 'pending' }), json({ status: 'pending' }), json(result));
    const client = instrumentTrainingClient({
      runId: RUN,
      async forwardBackwardAsync() {
        const { future_id } = await submit(`/runs/${RUN}/forward_backward_async`);
        return {
          async result() {
            for (;;) {
              const state = await fetchJson(`/futures/${future_id}`, {});
              if (state.status === 'completed') return state.result;
            }
          },
        };
      },
    });
    const future = await client.forwardBackwardAsync();
    expect(await metrics.values(DEPTH)).toEqual([1]);
    expect(await future.result()).toEqual(passed);
    await expectOneCall();
  });

  it('by a plain answer that names its future ends with the poll', async () => {
    server.answer(json({ future_id: 'f2', status: 'pending' }), json({ status: 'completed', result: passed }));
    const client = instrumentTrainingClient({
      runId: RUN,
      forwardBackwardAsync: () => submit(`/runs/${RUN}/forward_backward_async`),
    });
    await client.forwardBackwardAsync();
    expect(spans.finished()).toEqual([]);
    await fetchJson('/futures/f2', {});
    await expectOneCall();
  });

  it('by a method that calls another of the client’s is one', async () => {
    const client = instrumentTrainingClient({
      runId: RUN,
      async forwardBackward() {
        return this.forward_backward();
      },
      forward_backward: async () => passed,
    });
    await client.forwardBackward();
    await expectOneCall();
  });

  it('and is timed and collected by hand is one', async () => {
    const { provider: meterProvider } = metrics;
    const collector = createMetricsCollector({ runId: RUN, meterProvider, tracerProvider: spans.provider });
    const client = instrumentTrainingClient({ runId: RUN, forwardBackward: async () => ({ ...passed }) });
    const timed = await collector.timeOperation('forward_backward', () => client.forwardBackward());
    collector.collectResult(timed);
    expect(onlySpan()?.name).toBe('signal.forward_backward');
    collector.collectResult(await client.forwardBackward());
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 2 });
    expect(collector.metricsHistory.toArray().filter(({ metrics: all }) => LOSS in all)).toHaveLength(2);
    collector.end();
  });
});

describe('spans made inside', () => {
  it('are children of the call', async () => {
    const client = instrumentTrainingClient({
      runId: RUN,
      forwardBackward: async () => {
        await Promise.resolve();
        spans.provider.getTracer('test').startSpan('inner').end();
        return trace.getActiveSpan()?.spanContext().spanId;
      },
    });
    const active = await client.forwardBackward();
    const [inner, call] = spans.finished();
    expect(inner?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId);
    expect(active).toBe(call?.spanContext().spanId);
  });
});
