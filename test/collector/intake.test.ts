import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { collectorBinary, requireBinary } from '../support/binaries.ts';
import { type Collector, durableConfig, rootConfig, startCollector } from '../support/collector.ts';
import { type DatadogIntake, startDatadogIntake } from '../support/datadog-intake.ts';
import { mergeSketches, sketchQuantile } from '../support/sketch.ts';

const nowMillis = Date.now();
const nowSeconds = Math.floor(nowMillis / 1_000);
const interval = { startTimeUnixNano: nanos(nowMillis - 10_000), timeUnixNano: nanos(nowMillis) };
const traceId = '0123456789abcdef0123456789abcdef';

const attributes = attributeList({ run_id: 'run-1' });
const resource = {
  attributes: attributeList({
    'service.name': 'trainer',
    'service.version': '1.2.3',
    'deployment.environment.name': 'staging',
    'host.name': 'gpu-box-7',
  }),
};
const tags = ['service:trainer', 'version:1.2.3', 'env:staging'];

let intake: DatadogIntake;
let collector: Collector;

describe.each([
  { file: 'otel-collector-config.yaml', config: rootConfig },
  { file: 'deploy/durable.yaml', config: durableConfig },
])('$file', ({ config }) => {
  it.each(['DD_API_KEY', 'DATADOG_API_KEY'])('is valid with the key in %s', (variable) => {
    expect(validate(config, { [variable]: 'key' })).toMatchObject({ status: 0 });
  });
});

describe('otel-collector-config.yaml', () => {
  it('is refused without a key, with the reason', () => {
    expect(validate(rootConfig, {})).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('api.key is not set'),
    });
  });

  it('ends the Collector when Datadog refuses the key', async () => {
    await using other = await startDatadogIntake();
    const start = startCollector({ env: { ...other.collectorEnv, DD_API_KEY: 'wrong' } });
    await expect(start).rejects.toThrow('API Key validation failed');
    expect(other.requests).toContainEqual({ method: 'GET', path: '/api/v1/validate', status: 403 });
  });

  it('lets the Collector start while Datadog is away', async () => {
    await using away = await startDatadogIntake();
    away.failWith(503);
    await using started = await startCollector({ env: away.collectorEnv });
    expect((await fetch(started.healthEndpoint)).status).toBe(200);
  });
});

const throughExporter = {
  args: [],
  env: { OTELCOL_TRACES_EXPORTER: 'datadog', OTELCOL_LOGS_EXPORTER: 'datadog' },
};

describe.each([
  { way: 'as it says', options: { env: {} } },
  { way: 'with everything through the Datadog exporter, without the flag', options: throughExporter },
])('otel-collector-config.yaml, run $way,', ({ options }) => {
  const scope = new AsyncDisposableStack();

  beforeAll(async () => {
    intake = scope.use(await startDatadogIntake());
    collector = scope.use(await startCollector({ ...options, env: { ...intake.collectorEnv, ...options.env } }));
  });

  afterEach(() => {
    expect(intake.requests.filter(({ status }) => status >= 300)).toEqual([]);
  });

  afterAll(() => scope.disposeAsync());

  it('brings every point of a gauge, each with its own second', async () => {
    await exportMetric(resource, {
      name: 'signal.training.loss',
      gauge: {
        dataPoints: [3, 2, 1].map((value, index) => ({
          attributes,
          timeUnixNano: nanos(nowMillis - 2_000 + index * 1_000),
          asDouble: value,
        })),
      },
    });
    const series = await intake.waitFor(() => {
      const arrived = intake.series.filter(({ metric }) => metric === 'signal.training.loss');
      return arrived.flatMap(({ points }) => points).length === 3 && arrived;
    });
    for (const { type, host, tags: seriesTags } of series) {
      expect({ type, host }).toEqual({ type: 'gauge', host: 'gpu-box-7' });
      expect(seriesTags).toEqual(expect.arrayContaining(['run_id:run-1', ...tags]));
    }
    expect(series.flatMap(({ points }) => points)).toEqual([
      { value: 3, timestampSeconds: nowSeconds - 2 },
      { value: 2, timestampSeconds: nowSeconds - 1 },
      { value: 1, timestampSeconds: nowSeconds },
    ]);
  });

  it('brings the increment of a delta sum as a count', async () => {
    await exportMetric(resource, {
      name: 'signal.training.step',
      sum: { isMonotonic: true, aggregationTemporality: 1, dataPoints: [{ attributes, ...interval, asInt: '5' }] },
    });
    const series = await intake.waitFor(() => intake.series.find(({ metric }) => metric === 'signal.training.step'));
    expect(series).toMatchObject({
      type: 'count',
      host: 'gpu-box-7',
      tags: expect.arrayContaining(['run_id:run-1', ...tags]),
      points: [{ value: 5, timestampSeconds: nowSeconds }],
    });
  });

  it('brings a delta exponential histogram as a sketch: exact totals and bounds, quantiles within 2 %', async () => {
    // Spread over a factor of 10, as the durations of one interval are.
    const durations = Array.from({ length: 501 }, (_, index) => 100 * 10 ** (index / 500));
    const sum = durations.reduce((total, duration) => total + duration, 0);
    await exportMetric(resource, {
      name: 'signal.performance.duration_ms',
      exponentialHistogram: {
        aggregationTemporality: 1,
        dataPoints: [{ attributes, ...interval, ...exponentialBuckets(durations), sum, min: 100, max: 1_000 }],
      },
    });
    const sketch = await intake.waitFor(() =>
      intake.sketches.find(({ metric }) => metric === 'signal.performance.duration_ms'),
    );
    expect(sketch.host).toBe('gpu-box-7');
    expect(sketch.tags).toEqual(expect.arrayContaining(['run_id:run-1', ...tags]));
    expect(sketch.points).toHaveLength(1);
    const point = mergeSketches(sketch.points);
    expect(point).toMatchObject({ count: 501, min: 100, max: 1_000, timestampSeconds: nowSeconds });
    expect(point.sum).toBeCloseTo(sum, 6);
    expect(Math.abs(sketchQuantile(point, 0.5) / (100 * 10 ** 0.5) - 1)).toBeLessThan(0.02);
    expect(Math.abs(sketchQuantile(point, 0.99) / (100 * 10 ** 0.99) - 1)).toBeLessThan(0.02);
  });

  it('names the fallback, not its own machine, as the host of data without one', async () => {
    const hostless = { attributes: attributeList({ 'service.name': 'hostless' }) };
    await exportMetric(hostless, {
      name: 'signal.hostless',
      gauge: { dataPoints: [{ timeUnixNano: nanos(nowMillis), asDouble: 1 }] },
    });
    const series = await intake.waitFor(() => intake.series.find(({ metric }) => metric === 'signal.hostless'));
    expect(series.host).toBe('signal-otel-collector');
  });

  it('brings spans with their parents, errors and attributes', async () => {
    const times = { startTimeUnixNano: nanos(nowMillis - 3_000), endTimeUnixNano: nanos(nowMillis - 1_000) };
    const step = { traceId, spanId: '00000000000000a1', name: 'step', kind: 1, attributes, ...times };
    const failed = { code: 2, message: 'out of memory' };
    const call = {
      ...step,
      spanId: '00000000000000a2',
      parentSpanId: step.spanId,
      name: 'forward_backward',
      status: failed,
    };
    await post('/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: [step, call] }] }] });

    const spans = await intake.waitFor(() => intake.spans.length >= 2 && intake.spans);
    const common = {
      traceId,
      service: 'trainer',
      env: 'staging',
      host: 'gpu-box-7',
      startUnixNano: BigInt(times.startTimeUnixNano),
      durationNanos: 2_000_000_000n,
      meta: expect.objectContaining({ run_id: 'run-1', version: '1.2.3' }),
    };
    expect(spans).toHaveLength(2);
    expect(spans).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...common,
          resource: 'step',
          spanId: step.spanId,
          parentId: undefined,
          error: false,
        }),
        expect.objectContaining({
          ...common,
          resource: 'forward_backward',
          spanId: call.spanId,
          parentId: step.spanId,
          error: true,
          meta: expect.objectContaining({ 'error.msg': 'out of memory' }),
        }),
      ]),
    );
  });

  it('brings logs with their event name, severity and trace', async () => {
    const alarm = {
      timeUnixNano: nanos(nowMillis),
      severityNumber: 17,
      severityText: 'ERROR',
      eventName: 'signal.health.alarm',
      body: { stringValue: 'the loss diverged' },
      traceId,
      spanId: '00000000000000a1',
      attributes,
    };
    await post('/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [alarm] }] }] });
    const log = await intake.waitFor(() => intake.logs[0]);
    expect(log).toMatchObject({
      message: 'the loss diverged',
      status: 'ERROR',
      service: 'trainer',
      host: 'gpu-box-7',
      tags: expect.arrayContaining(tags),
      attributes: { 'otel.event_name': 'signal.health.alarm', 'otel.trace_id': traceId, run_id: 'run-1' },
    });
  });
});

function validate(config: string, env: Record<string, string>) {
  return spawnSync(requireBinary(collectorBinary), ['validate', '--config', config], { env, encoding: 'utf8' });
}

function exportMetric(
  from: typeof resource,
  metric: { readonly name: string } & Record<string, unknown>,
): Promise<void> {
  return post('/v1/metrics', { resourceMetrics: [{ resource: from, scopeMetrics: [{ metrics: [metric] }] }] });
}

async function post(path: string, body: unknown): Promise<void> {
  const response = await fetch(collector.httpEndpoint + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(await response.json()).toEqual({ partialSuccess: {} });
}

function attributeList(values: Readonly<Record<string, string>>) {
  return Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }));
}

function nanos(millis: number): string {
  return `${millis}000000`;
}

function exponentialBuckets(values: readonly number[]) {
  const scale = 6;
  const indexes = values.map((value) => Math.ceil(Math.log2(value) * 2 ** scale) - 1);
  const offset = Math.min(...indexes);
  const bucketCounts = new Array<number>(Math.max(...indexes) - offset + 1).fill(0);
  for (const index of indexes) bucketCounts[index - offset] = (bucketCounts[index - offset] ?? 0) + 1;
  return { scale, count: values.length, zeroCount: 0, positive: { offset, bucketCounts } };
}
