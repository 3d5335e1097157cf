import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMetricsCollector, SignalInstrumentation } from '../../../src/index.ts';
import { CapturedLog } from '../../support/log.ts';
import { type Answer, json, type SignalServer, startSignalServer } from '../../support/signal-server.ts';
import { TestMetrics, TestSpans } from '../../support/telemetry.ts';

const RUN = 'run_0123456789abcdef';
const DURATION = 'signal.performance.forward_backward_duration_ms';
const DEPTH = 'signal.performance.queue_depth';
const HEALTH = 'signal.health.status';
const LOSS = 'signal.training.loss';

const metricsOfAnswer = { loss: 0.5, kl_divergence: 0.01, grad_norm: 1.5, reward_mean: 7 };
const passed = {
  loss: 0.5,
  step: 3,
  grad_norm: 1.5,
  grad_stats: null,
  request_id: 'req_1',
  status: 'completed',
  rl_metrics: null,
  metrics: metricsOfAnswer,
};

let metrics: TestMetrics;
let spans: TestSpans;
let server: SignalServer;
let instrumentation: SignalInstrumentation;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});

beforeEach(async () => {
  metrics = new TestMetrics();
  spans = new TestSpans();
  server = await startSignalServer();
  instrumentation = followed({});
});

afterEach(async () => {
  instrumentation.disable();
  await server[Symbol.asyncDispose]();
});

function followed(options: ConstructorParameters<typeof SignalInstrumentation>[0]): SignalInstrumentation {
  const created = new SignalInstrumentation({ gpuIntervalMillis: 0, ...options });
  created.setMeterProvider(metrics.provider);
  created.setTracerProvider(spans.provider);
  return created;
}

interface Got {
  readonly status: number;
  readonly text: string;
}

async function post(path: string, body: unknown = {}): Promise<Got> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-secret-of-the-test', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function get(path: string): Promise<Got> {
  const response = await fetch(`${server.url}${path}`);
  return { status: response.status, text: await response.text() };
}

const pass = (body: unknown = { batch_data: [{}, {}], loss_fn: 'ppo' }) => post(`/runs/${RUN}/forward_backward`, body);

/** By a client that leaves the body as it comes. */
async function passByHttp(): Promise<void> {
  const sent = request(`${server.url}/runs/${RUN}/forward_backward`, { method: 'POST' }).end('{}');
  const [response] = await once(sent, 'response');
  await buffer(response);
}

function compressed(body: unknown, encoding: string, compress: (bytes: Buffer) => Buffer): Answer {
  return (_, response) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    response.writeHead(200, headers).end(compress(Buffer.from(JSON.stringify(body))));
  };
}

function onlySpan() {
  const finished = spans.finished();
  expect(finished).toHaveLength(1);
  return finished[0];
}

describe('an answer', () => {
  it('is recorded, and given to the caller to the byte', async () => {
    server.answer(json(passed));
    expect(await pass()).toEqual({ status: 200, text: JSON.stringify(passed) });
    expect(await metrics.points(LOSS)).toMatchObject([{ value: 0.5, attributes: { run_id: RUN } }]);
    expect(await metrics.values('signal.rl.kl_divergence')).toEqual([0.01]);
    expect(await metrics.values('signal.rl.reward_mean')).toEqual([7]);
    expect(await metrics.values('signal.training.current_step')).toEqual([3]);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
    expect(onlySpan()).toMatchObject({
      name: 'signal.forward_backward',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        run_id: RUN,
        step: 3,
        loss_fn: 'ppo',
        batch_size: 2,
        retry_count: 0,
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'server.address': '127.0.0.1',
        'url.path': `/runs/${RUN}/forward_backward`,
      },
    });
  });

  it('with explicit nulls records what there is', async () => {
    server.answer(json({ loss: 0.25, step: 0, grad_norm: null, grad_stats: null, rl_metrics: null, metrics: null }));
    await pass();
    expect(await metrics.values(LOSS)).toEqual([0.25]);
    expect([...(await metrics.collect()).keys()].sort()).toEqual(
      [LOSS, DURATION, DEPTH, HEALTH, 'signal.training.current_step', 'signal.training.step'].sort(),
    );
  });

  it('with its values inside metrics alone records them', async () => {
    server.answer(json({ step: 2, loss: null, metrics: { loss: 0.75, grad_norm: 2 } }));
    await pass();
    expect(await metrics.values(LOSS)).toEqual([0.75]);
    expect(await metrics.values('signal.training.grad_norm')).toEqual([2]);
  });

  it('leaves out a gradient norm of 0 while gradients accumulate', async () => {
    server.answer(json({ loss: 0.5, step: 1, grad_norm: 0 }));
    await pass({ batch_data: [{}], accumulate: true });
    expect(await metrics.values(LOSS)).toEqual([0.5]);
    expect(await metrics.values('signal.training.grad_norm')).toEqual([]);
  });

  it('of optim_step counts the step before it', async () => {
    server.answer(json(passed), json({ step: 4, learning_rate: 0.001, metrics: {} }));
    await pass();
    await post(`/runs/${RUN}/optim_step`, { learning_rate: 0.001 });
    expect(await metrics.values('signal.training.learning_rate')).toEqual([0.001]);
    expect(await metrics.values('signal.training.step')).toEqual([1]);
    expect(spans.finished().map(({ attributes }) => attributes.step)).toEqual([3, 4]);
  });

  it.each(['text/plain', 'text/event-stream'])('of type %s is not read', async (type) => {
    server.answer(json(passed, 200, { 'content-type': type }));
    expect((await pass()).text).toBe(JSON.stringify(passed));
    expect(await metrics.values(LOSS)).toEqual([]);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
  });

  it.each(['{"loss": 1', '[', 'null', '1'])('%s is the caller’s to deal with', async (text) => {
    server.answer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(text));
    expect((await pass()).text).toBe(text);
    expect(await metrics.values(LOSS)).toEqual([]);
    expect(onlySpan()?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('that cannot be read as it is compressed is told once, also one that is too large only then', async () => {
    const log = new CapturedLog().install();
    const large = { ...passed, logprobs: Array.from({ length: 200_000 }, () => -0.125) };
    server.answer(
      compressed(passed, 'compress', (bytes) => bytes),
      compressed(passed, 'compress', (bytes) => bytes),
      compressed(large, 'zstd', zstdCompressSync),
    );
    for (let call = 0; call < 3; call++) await passByHttp();
    expect(await metrics.values(LOSS)).toEqual([]);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 3 });
    expect(log.warnings.filter((warning) => warning.includes("an answer of Signal's API"))).toEqual([
      expect.stringContaining('has the content-encoding "compress"'),
      expect.stringContaining('is larger than 1048576 bytes'),
    ]);
  });

  it('larger than a megabyte goes by unread, and is told once', async () => {
    const large = { ...passed, logprobs: Array.from({ length: 200_000 }, () => -0.125) };
    server.answer(json(large));
    expect((await pass()).text).toBe(JSON.stringify(large));
    expect(await metrics.values(LOSS)).toEqual([]);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const)('compressed by %s is read', async (encoding, compress) => {
    server.answer(compressed(passed, encoding, compress));
    await passByHttp();
    expect(await metrics.values(LOSS)).toEqual([0.5]);
  });

  it('of 100 kB is read, though not before the caller has it', async () => {
    const middling = { ...passed, logprobs: Array.from({ length: 15_000 }, () => -0.125) };
    server.answer(json(middling));
    expect((await pass()).text).toBe(JSON.stringify(middling));
    await expect.poll(() => metrics.values(LOSS)).toEqual([0.5]);
  });
});

describe('a redirect', () => {
  it('is no call: that is the request that follows it', async () => {
    server.answer(json({}, 307, { location: `/moved/runs/${RUN}/forward_backward` }), json(passed));
    expect((await pass()).status).toBe(200);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
    expect(await metrics.values(LOSS)).toEqual([0.5]);
    expect(await metrics.values(DEPTH)).toEqual([0]);
    expect(spans.finished().map(({ attributes }) => attributes)).toMatchObject([
      { 'http.response.status_code': 307, unfinished: true },
      { 'http.response.status_code': 200, step: 3, retry_count: 0 },
    ]);
  });

  it('within an operation that the host times leaves the operation to that request', async () => {
    server.answer(json({}, 307, { location: `/moved/runs/${RUN}/forward_backward` }), json(passed));
    const collector = createMetricsCollector({
      runId: RUN,
      meterProvider: metrics.provider,
      tracerProvider: spans.provider,
    });
    await collector.timeOperation('forward_backward', () => pass());
    collector.end();
    expect(onlySpan()?.attributes).toMatchObject({
      'http.response.status_code': 200,
      'url.path': `/moved/runs/${RUN}/forward_backward`,
    });
  });
});

describe('an error', () => {
  it.each([
    [400, 'invalid_request'],
    [401, 'authentication'],
    [402, 'credits'],
    [403, 'permission'],
    [404, 'not_found'],
    [413, 'too_large'],
    [422, 'validation'],
    [429, 'rate_limit'],
    [500, 'server'],
    [501, 'not_implemented'],
    [503, 'unavailable'],
  ])('%i is one of %s, and the caller’s as it came', async (status, kind) => {
    const body = { error: 'no more credits for batch SECRET', detail: [{ input: 'SECRET' }] };
    server.answer(json(body, status));
    expect(await pass()).toEqual({ status, text: JSON.stringify(body) });
    const span = onlySpan();
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'http.response.status_code': status, error_kind: kind, 'error.type': String(status) },
    });
    expect(JSON.stringify([span?.attributes, span?.status, span?.events])).not.toContain('SECRET');
    expect(await metrics.points(DURATION)).toMatchObject([{ attributes: { 'error.type': String(status) } }]);
    expect(await metrics.values(LOSS)).toEqual([]);
    expect(await metrics.values(DEPTH)).toEqual([0]);
  });

  it('that passes when the request is sent again is counted once, and the retry says so', async () => {
    server.answer(json({ error: 'busy' }, 503), json({ error: 'limit' }, 429), json(passed));
    const body = { batch_data: [{ text: 'a' }], loss_fn: 'ppo' };
    for (let attempt = 0; attempt < 3; attempt++) await pass(body);
    server.answer(json({ ...passed, step: 4, request_id: 'req_2' }));
    await pass(body);
    const finished = spans.finished();
    expect(finished.map(({ attributes }) => attributes.retry_count)).toEqual([0, 1, 2, 0]);
    expect(finished.map(({ status }) => status.code)).toEqual([2, 2, 0, 0]);
    expect(await metrics.values('signal.training.step')).toEqual([2]);
    const good = (await metrics.points(DURATION)).filter(({ attributes }) => attributes['error.type'] === undefined);
    expect(good).toMatchObject([{ value: { count: 2 } }]);
  });

  it('is no retry of another batch', async () => {
    server.answer(json({ error: 'busy' }, 503), json(passed));
    await pass({ batch_data: [{ text: 'a' }] });
    await pass({ batch_data: [{ text: 'b' }] });
    expect(spans.finished().map(({ attributes }) => attributes.retry_count)).toEqual([0, 0]);
  });

  it('of the connection is the caller’s as it came', async () => {
    server.answer((_, response) => response.destroy());
    const error = await pass().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ message: 'fetch failed', cause: { code: 'UND_ERR_SOCKET' } });
    expect(onlySpan()).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { error_kind: 'network', 'error.type': 'UND_ERR_SOCKET' },
    });
  });

  it('in the middle of the body is one', async () => {
    server.answer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"loss": 0.5, ');
      setImmediate(() => response.destroy());
    });
    await expect(pass()).rejects.toThrow('terminated');
    expect(onlySpan()?.status.code).toBe(SpanStatusCode.ERROR);
    expect(await metrics.values(LOSS)).toEqual([]);
    expect(await metrics.values(DEPTH)).toEqual([0]);
  });

  it('is what a call is that the caller cuts short', async () => {
    const cut = new AbortController();
    server.answer(() => {});
    const call = fetch(`${server.url}/runs/${RUN}/forward_backward`, {
      method: 'POST',
      body: '{}',
      signal: cut.signal,
    });
    await server.waitFor(({ path }) => path.endsWith('forward_backward'));
    expect(spans.finished()).toEqual([]);
    expect(await metrics.values(DEPTH)).toEqual([1]);
    cut.abort();
    await expect(call).rejects.toThrow('aborted');
    expect(onlySpan()).toMatchObject({ attributes: { error_kind: 'aborted' }, status: { code: SpanStatusCode.ERROR } });
    expect(await metrics.values(DEPTH)).toEqual([0]);
  });
});

describe('an operation that is asked for later', () => {
  const FUTURE = '3f1c4a52-9a3f-4a4e-8f39-1b2c3d4e5f60';
  const submitted = { future_id: FUTURE, status: 'pending', request_id: 'req_9' };
  const result = { metrics: { loss: 0.125, grad_norm: 3 }, step: 8, grad_norm: null };

  it('is one call from its submission to its outcome, however often it is asked for', async () => {
    server.answer(json(submitted));
    await post(`/runs/${RUN}/forward_backward_async`, { batch_data: [{}], loss_fn: 'grpo' });
    expect(spans.finished()).toEqual([]);
    expect(await metrics.values(DEPTH)).toEqual([1]);
    server.answer(json({ status: 'pending' }), json({ status: 'pending' }), json({ status: 'completed', result }));
    const asking = spans.provider.getTracer('test').startSpan('asking');
    await context.with(trace.setSpan(context.active(), asking), async () => {
      for (let poll = 0; poll < 5; poll++) await get(`/futures/${FUTURE}`);
    });
    expect(onlySpan()).toMatchObject({
      name: 'signal.forward_backward',
      attributes: { run_id: RUN, step: 8, loss_fn: 'grpo', batch_size: 1 },
      status: { code: SpanStatusCode.UNSET },
      links: [{ context: { spanId: asking.spanContext().spanId } }],
    });
    expect(await metrics.values(LOSS)).toEqual([0.125]);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
    expect(await metrics.values(DEPTH)).toEqual([0]);
  });

  it('and has failed is an error, though HTTP says 200', async () => {
    server.answer(json(submitted), json({ status: 'failed', error: 'CUDA out of memory for prompt SECRET' }));
    await post(`/runs/${RUN}/forward_backward_async`);
    expect((await get(`/futures/${FUTURE}`)).text).toContain('CUDA');
    expect(onlySpan()).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { error_kind: 'operation' },
    });
    expect(JSON.stringify(onlySpan()?.events)).not.toContain('SECRET');
    expect(await metrics.points(DURATION)).toMatchObject([{ attributes: { 'error.type': 'failed' } }]);
    expect(await metrics.values(LOSS)).toEqual([]);
  });

  it('by the id of its request is one call, too', async () => {
    server.answer(json({ request_id: 'req_5', status: 'queued', loss: null, step: null }));
    await pass();
    const state = { request_type: 'forward_backward', status: 'completed', result, error: null };
    server.answer(json({ ...state, status: 'running', result: null }), json(state));
    for (let poll = 0; poll < 4; poll++) await get(`/runs/${RUN}/requests/req_5/status`);
    expect(onlySpan()).toMatchObject({ attributes: { step: 8 } });
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
    expect(await metrics.values('signal.training.step')).toEqual([1]);
  });

  it('and never is ends with the instrumentation, unfinished', async () => {
    server.answer(json(submitted));
    await post(`/runs/${RUN}/forward_backward_async`);
    instrumentation.disable();
    expect(onlySpan()).toMatchObject({ attributes: { unfinished: true }, status: { code: SpanStatusCode.UNSET } });
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 0 });
  });

  it('of another process is none of ours', async () => {
    server.answer(json({ status: 'completed', result }));
    await get(`/futures/${FUTURE}`);
    expect(spans.finished()).toEqual([]);
    expect(await metrics.values(LOSS)).toEqual([]);
  });
});

describe('the queue', () => {
  it('shows the server’s number where a driver asks for it, and that stands', async () => {
    server.answer(json({ total: 9, queued: 3, running: 1, completed: 5, failed: 0 }), json(passed));
    await get(`/runs/${RUN}/queue/stats`);
    expect(await metrics.values(DEPTH)).toEqual([4]);
    await pass();
    expect(await metrics.values(DEPTH)).toEqual([4]);
  });

  it('shows what is submitted and not finished', async () => {
    const releases: (() => void)[] = [];
    server.answer((_, response) => releases.push(() => json(passed)(_, response)));
    const calls = [pass(), pass(), pass()];
    await expect.poll(() => releases.length).toBe(3);
    expect(await metrics.values(DEPTH)).toEqual([3]);
    releases[0]?.();
    await Promise.race(calls);
    expect(await metrics.values(DEPTH)).toEqual([2]);
    for (const release of releases.slice(1)) release();
    await Promise.all(calls);
    expect(await metrics.values(DEPTH)).toEqual([0]);
  });
});

describe('a run', () => {
  const created = { run_id: RUN, user_id: 'user_1', base_model: 'llama', status: 'running', config: {} };

  it('has the user and the model of its creation, and the tags', async () => {
    instrumentation.disable();
    instrumentation = followed({ tags: ['team:ml'], omitAttributes: ['user_id'] });
    server.answer(json(created), json(passed));
    await post('/runs', { base_model: 'llama' });
    await pass();
    expect(await metrics.attributes(LOSS)).toEqual([{ team: 'ml', run_id: RUN, model: 'llama' }]);
    expect(onlySpan()?.attributes).toMatchObject({ team: 'ml', user_id: 'user_1', model: 'llama' });
  });

  it('leaves attributes out of the metrics that are named', async () => {
    instrumentation.disable();
    instrumentation = followed({ omitAttributes: ['run_id:signal.performance.*'] });
    server.answer(json(passed));
    await pass();
    expect(await metrics.attributes(LOSS)).toEqual([{ run_id: RUN }]);
    expect(await metrics.attributes(DURATION)).toEqual([{}]);
    expect(() => followed({ omitAttributes: ['run_id:signal.trainin.loss' as 'run_id'] })).toThrow(
      /^SignalInstrumentation: omitAttributes takes metrics that there are.*write "run_id:signal.training.loss"/,
    );
  });

  it('that the sample leaves out sends its spans, and no metrics of its own', async () => {
    instrumentation.disable();
    instrumentation = followed({ runSampleRatio: 0 });
    server.answer(json(passed));
    await pass();
    expect([...(await metrics.collect()).keys()]).toEqual(['signal.otel.runs']);
    expect(await metrics.points('signal.otel.runs')).toMatchObject([{ value: 1, attributes: { run_sampled: false } }]);
    expect(onlySpan()?.attributes).toMatchObject({ run_id: RUN, run_sampled: false });
    instrumentation.disable();
    expect(await metrics.values('signal.otel.runs')).toEqual([0]);
    expect(() => followed({ runSampleRatio: 2 })).toThrow(/^SignalInstrumentation: runSampleRatio must be a share/);
  });

  it('beside another keeps its own', async () => {
    const other = 'run_fedcba9876543210';
    server.answer((request, response) => {
      const isOther = request.path.includes(other);
      json({ ...passed, loss: isOther ? 2 : 1, request_id: isOther ? 'b' : 'a' })(request, response);
    });
    await Promise.all([
      pass(),
      post(`/runs/${other}/forward_backward`),
      pass(),
      post(`/runs/${other}/forward_backward`),
    ]);
    const points = (await metrics.points(LOSS)).map(({ value, attributes }) => [attributes.run_id, value]);
    expect(points.sort()).toEqual([
      [RUN, 1],
      [other, 2],
    ]);
  });

  it('with a collector of the host’s own has its metrics from that, and spans', async () => {
    const { provider: meterProvider } = metrics;
    const own = createMetricsCollector({ runId: RUN, tags: ['mine'], meterProvider, tracerProvider: spans.provider });
    server.answer(json(passed));
    const answer = await own.timeOperation('forward_backward', async () => JSON.parse((await pass()).text));
    own.collectResult(answer);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
    expect(onlySpan()).toMatchObject({ attributes: { mine: true, loss_fn: 'ppo', 'http.response.status_code': 200 } });

    await post(`/runs/${RUN}/sample`, { prompts: ['SECRET'] });
    expect(spans.finished().map(({ name }) => name)).toEqual(['signal.forward_backward', 'signal.sample']);
    expect([...(await metrics.collect()).keys()]).not.toContain('signal.performance.sample_duration_ms');
    expect(own.getMetricsSummary().numMetrics).toBe(2);
    own.end();
  });

  it('that is complete ends, and may begin anew', async () => {
    server.answer(json(passed), json({ status: 'completed' }), json({ ...passed, loss: 2, request_id: 'req_7' }));
    await pass();
    await post(`/runs/${RUN}/complete`);
    await pass();
    expect(await metrics.values(LOSS)).toContain(2);
  });

  it('whose request is answered twice is counted once', async () => {
    server.answer(json(passed));
    await Promise.all([pass(), pass()]);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
    expect(spans.finished()).toHaveLength(2);
  });
});

describe('disable()', () => {
  it('leaves nothing behind, and enable() begins anew', async () => {
    const channels = ['request:create', 'request:headers', 'request:trailers', 'request:error', 'request:bodySent'];
    const isWatched = () => channels.map((name) => channel(`undici:${name}`).hasSubscribers);
    server.answer(json(passed));
    await pass();
    expect(isWatched()).toEqual(channels.map(() => true));
    instrumentation.disable();
    expect(isWatched()).toEqual(channels.map(() => false));
    await pass();
    expect(spans.finished()).toHaveLength(1);
    instrumentation.enable();
    await pass();
    expect(spans.finished()).toHaveLength(2);
  });

  it('leaves a request that is under way to its caller', async () => {
    let release = () => {};
    server.answer((request, response) => {
      release = () => json(passed)(request, response);
    });
    const call = pass();
    await server.waitFor(({ path }) => path.endsWith('forward_backward'));
    instrumentation.disable();
    release();
    expect((await call).text).toBe(JSON.stringify(passed));
    expect(onlySpan()).toMatchObject({ attributes: { unfinished: true } });
    expect(await metrics.values(LOSS)).toEqual([]);
  });
});

describe('the trace', () => {
  it('has the call under the caller’s span, and the server’s spans under the call', async () => {
    server.answer(json(passed));
    const outer = spans.provider.getTracer('test').startSpan('step');
    await context.with(trace.setSpan(context.active(), outer), () => pass());
    const span = onlySpan();
    expect(span?.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
    expect(server.requests[0]?.headers.traceparent).toBe(
      `00-${outer.spanContext().traceId}-${span?.spanContext().spanId}-01`,
    );
  });
});

describe('another instrumentation of undici', () => {
  const [theirs, others] = [`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, { 'x-other': 'kept' }];
  const add = (message: unknown) => {
    const { request } = Object(message);
    request.addHeader('traceparent', theirs);
    for (const [name, value] of Object.entries(others)) request.addHeader(name, value);
  };
  afterEach(() => unsubscribe('undici:request:create', add));

  it.each(['before', 'after'])('that is told %s this one leaves one traceparent', async (when) => {
    if (when === 'before') instrumentation.disable();
    subscribe('undici:request:create', add);
    if (when === 'before') instrumentation.enable();
    server.answer(json(passed));
    await pass();
    expect(server.requests[0]?.headers).toMatchObject({
      traceparent: expect.stringMatching(new RegExp(`^00-[0-9a-f]{32}-${onlySpan()?.spanContext().spanId}-01$`)),
      ...others,
    });
  });
});

describe('what is looked at', () => {
  it.each([
    ['GET', `/runs/${RUN}/forward_backward`],
    ['POST', '/runs/something/forward_backward'],
    ['POST', `/runs/${RUN}/forward_backwards`],
    ['POST', `/runs/${RUN}/forward_backward/x`],
    ['POST', `/other/${RUN}/forward_backward`],
    ['POST', '/v1/threads/thread_1/runs'],
    ['POST', '/api/2.0/mlflow/runs/log-metric'],
    ['POST', '/v1/threads/thread_1/runs/run_1/submit_tool_outputs'],
  ])('is not %s %s', async (method, path) => {
    server.answer(json(passed));
    await (await fetch(`${server.url}${path}`, { method, ...(method === 'POST' && { body: '{}' }) })).text();
    expect(spans.finished()).toEqual([]);
    expect((await metrics.collect()).size).toBe(0);
    expect(server.requests[0]?.headers.traceparent).toBeUndefined();
  });

  it('is what is below a base URL, whatever the ids, where there is one', async () => {
    instrumentation.disable();
    instrumentation = followed({ baseUrls: [`${server.url}/api/v1/`] });
    server.answer(json(passed));
    await post('/api/v1/runs/mine/forward_backward');
    await pass();
    expect(onlySpan()?.attributes.run_id).toBe('mine');
  });

  it('is nothing of prompts, outputs, batches, keys and signed addresses', async () => {
    const outputs = { outputs: ['SECRET'], token_ids: [[1]], tokens: [['SECRET']], logprobs: null };
    const saved = { artifact_uri: 's3://x', download_url: 'https://x/y?X-Amz-Signature=SECRET', s3_uri: 'SECRET' };
    server.answer(json(outputs), json(saved), json(passed));
    await post(`/runs/${RUN}/sample?key=SECRET`, { prompts: ['SECRET', 'SECRET'] });
    await post(`/runs/${RUN}/save_state`, { mode: 'adapter' });
    await pass({ batch_data: [{ text: 'SECRET' }], loss_fn: 'ppo', loss_kwargs: { note: 'SECRET' } });
    const finished = spans
      .finished()
      .map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    expect(finished.map(({ name }) => name)).toEqual(['signal.sample', 'signal.save_state', 'signal.forward_backward']);
    expect(finished[0]?.attributes.batch_size).toBe(2);
    const { resourceMetrics } = await metrics.reader.collect();
    expect(JSON.stringify([finished, resourceMetrics.scopeMetrics])).not.toMatch(/SECRET|sk-secret/i);
  });
});

describe('a streamed sample', () => {
  it('is one call until the stream has ended, and is not read', async () => {
    let finish = () => {};
    server.answer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"text": "one"}\n\n');
      finish = () => response.end('data: [DONE]\n\n');
    });
    const response = await fetch(`${server.url}/runs/${RUN}/sample/stream`, {
      method: 'POST',
      body: '{"prompts":["a"]}',
    });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe('data: {"text": "one"}\n\n');
    expect(spans.finished()).toEqual([]);
    finish();
    while ((await reader?.read())?.done === false);
    expect(onlySpan()).toMatchObject({ name: 'signal.sample', status: { code: SpanStatusCode.UNSET } });
    expect(await metrics.histogram('signal.performance.sample_duration_ms')).toMatchObject({ count: 1 });
  });
});
