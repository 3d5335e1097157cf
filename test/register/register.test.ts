import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode, startNode } from '../support/child.ts';
import { type OtlpServer, startOtlpServer, valuesOf } from '../support/otlp-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const app = (name: string) => `test/register/apps/${name}`;

function environment(server: OtlpServer, more: Record<string, string> = {}): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...more };
}

const run = (args: string[], env: Record<string, string>) => runNode(args, { cwd: root, env });

describe('node --require and --import signal-otel/register', () => {
  it.each([
    ['--require', 'app.cjs'],
    ['--require', 'app.mjs'],
    ['--import', 'app.cjs'],
    ['--import', 'app.mjs'],
  ])('%s %s: metrics and spans arrive, the process ends as it would, and says nothing', async (flag, name) => {
    await using server = await startOtlpServer();
    const result = await run([flag, 'signal-otel/register', app(name)], environment(server));
    expect(result).toMatchObject({ code: 0, signal: null, stdout: '', stderr: '' });
    const metrics = server.requests.find(({ path }) => path === '/v1/metrics');
    const traces = server.requests.find(({ path }) => path === '/v1/traces');
    if (metrics === undefined || traces === undefined) throw new Error('nothing arrived');
    expect(valuesOf(metrics, 'name')).toEqual(
      expect.arrayContaining(['signal.training.loss', 'signal.performance.forward_backward_duration_ms']),
    );
    expect(valuesOf(metrics, 'asDouble')).toContain(0.25);
    expect(valuesOf(metrics, 'exponentialHistogram')).toHaveLength(1);
    expect(new Set(valuesOf(metrics, 'aggregationTemporality'))).toEqual(new Set([1]));
    expect(valuesOf(traces, 'name')).toContain('signal.forward_backward');
    expect([metrics.encoding, traces.encoding]).toEqual(['gzip', 'gzip']);
    expect(metrics.contentType).toBe('application/json');
  });

  it('loads the API alone until something is recorded, and the SDK once it is', async () => {
    await using server = await startOtlpServer();
    const preload = ['--require', `./${app('record-loads.cjs')}`, '--require', 'signal-otel/register'];
    const idle = await run([...preload, '--eval', '0'], {});
    expect(JSON.parse(idle.stdout)).toEqual(['@opentelemetry/api']);
    const importing = await run([...preload, '--eval', 'require("signal-otel")'], {});
    expect(JSON.parse(importing.stdout)).toEqual(['@opentelemetry/api']);
    const configured = await run([...preload, '--eval', '0'], environment(server));
    expect(JSON.parse(configured.stdout)).toEqual(['@opentelemetry/api']);
    expect(server.requests).toEqual([]);
    const training = await run([...preload, app('app.cjs')], environment(server));
    expect(JSON.parse(training.stdout)).toContain('@opentelemetry/sdk-metrics');
  });

  it('says and counts what finds no room among the live series', async () => {
    await using server = await startOtlpServer();
    const result = await run(
      ['--require', 'signal-otel/register', app('many-series.cjs')],
      environment(server, { SIGNAL_MAX_SERIES: '1000' }),
    );
    expect(result.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^signal-otel: there are 1000 live series/),
    ]);
    const metrics = server.requests.find(({ path }) => path === '/v1/metrics');
    if (metrics === undefined) throw new Error('nothing arrived');
    expect(valuesOf(metrics, 'name')).toContain('signal.otel.measurements_refused');
    expect(valuesOf(metrics, 'asDouble')).toContain(500);
  });

  it('gives meters of other names, spans and logs of the host to the official SDK', async () => {
    await using server = await startOtlpServer();
    const result = await run(['--require', 'signal-otel/register', app('host-signals.cjs')], environment(server));
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const bodyOf = (path: string) => server.requests.find((request) => request.path === path)?.body.toString() ?? '';
    expect(bodyOf('/v1/metrics')).toContain('app.requests');
    expect(bodyOf('/v1/metrics')).toContain('signal.app.observed');
    expect(bodyOf('/v1/traces')).toContain('app.span');
    expect(bodyOf('/v1/logs')).toContain('app.log');
  });

  it('a host that listens to SIGTERM itself decides how it ends, and what it records until then arrives', async () => {
    await using server = await startOtlpServer();
    for (const listens of ['before', 'after', 'once before']) {
      await using child = await startNode([app('own-sigterm.cjs'), listens], {
        cwd: root,
        env: environment(server, { OTEL_METRIC_EXPORT_INTERVAL: '600000', OTEL_SERVICE_NAME: listens }),
      });
      await child.waitForOutput(/training/);
      expect(await child.kill('SIGTERM')).toEqual({ code: 3, signal: null });
      const sent = server.requests.filter(({ path, body }) => path === '/v1/metrics' && body.includes(`"${listens}"`));
      expect(sent.flatMap((request) => valuesOf(request, 'asDouble'))).toContain(0.125);
    }
  });

  it('speaks protobuf unless told otherwise', async () => {
    await using server = await startOtlpServer();
    await run(['--require', 'signal-otel/register', app('app.cjs')], { OTEL_EXPORTER_OTLP_ENDPOINT: server.url });
    expect(server.requests.map(({ path }) => path).sort()).toEqual(['/v1/metrics', '/v1/traces']);
    expect(new Set(server.requests.map(({ contentType }) => contentType))).toEqual(new Set(['application/x-protobuf']));
    expect(server.requests[0]?.body.includes('run_app')).toBe(true);
  });

  it('tells who sends: service, version and environment from DD_*, where OTEL_* does not say otherwise', async () => {
    await using server = await startOtlpServer();
    const datadog = { DD_SERVICE: 'trainer', DD_ENV: 'staging', DD_VERSION: '1.2.3' };
    await run(['--require', 'signal-otel/register', app('app.cjs')], environment(server, datadog));
    const first = resourceOf(server);
    expect(first).toMatchObject({
      'service.name': 'trainer',
      'service.version': '1.2.3',
      'deployment.environment.name': 'staging',
    });
    expect(first['service.instance.id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(first['host.name']).toBeTruthy();

    await using other = await startOtlpServer();
    const standard = { OTEL_SERVICE_NAME: 'driver', OTEL_RESOURCE_ATTRIBUTES: 'team=ml,service.version=9' };
    await run(['--require', 'signal-otel/register', app('app.cjs')], environment(other, { ...datadog, ...standard }));
    expect(resourceOf(other)).toMatchObject({ 'service.name': 'driver', 'service.version': '9', team: 'ml' });
  });

  it('leaves compression, temporality and histograms to the standard variables', async () => {
    await using server = await startOtlpServer();
    await run(
      ['--require', 'signal-otel/register', app('app.cjs')],
      environment(server, {
        OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative',
        OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'explicit_bucket_histogram',
      }),
    );
    const metrics = server.requests.find(({ path }) => path === '/v1/metrics');
    if (metrics === undefined) throw new Error('nothing arrived');
    expect(metrics.encoding).toBeUndefined();
    expect(new Set(valuesOf(metrics, 'aggregationTemporality'))).toEqual(new Set([2]));
    expect(valuesOf(metrics, 'histogram')).toHaveLength(1);
  });

  it.each([
    ['tracecontext', ['traceparent']],
    ['baggage', ['baggage']],
    ['none', []],
    ['', ['baggage', 'traceparent']],
  ])('OTEL_PROPAGATORS=%s decides the headers by which a trace goes on', async (propagators, headers) => {
    await using server = await startOtlpServer();
    const env = environment(server, { OTEL_PROPAGATORS: propagators });
    const { stdout } = await run(['--require', 'signal-otel/register', app('propagate.cjs')], env);
    expect(Object.keys(JSON.parse(stdout)).sort()).toEqual(headers);
  });

  it('sends every interval', async () => {
    await using server = await startOtlpServer();
    await using child = await startNode(['--require', 'signal-otel/register', app('waiting.mjs')], {
      cwd: root,
      env: environment(server, { OTEL_METRIC_EXPORT_INTERVAL: '100' }),
    });
    await server.waitFor(() => server.requests.filter(({ path }) => path === '/v1/metrics').length >= 3);
    expect(child.stderr()).toBe('');
  });

  it('OTEL_SDK_DISABLED=true and exporters of none send nothing', async () => {
    await using server = await startOtlpServer();
    const none = { OTEL_METRICS_EXPORTER: 'none', OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
    for (const off of [{ OTEL_SDK_DISABLED: 'true' }, none]) {
      const result = await run(['--require', 'signal-otel/register', app('app.cjs')], environment(server, off));
      expect(result).toMatchObject({ code: 0, stderr: '' });
    }
    expect(server.requests).toEqual([]);
  });

  it('OTEL_METRICS_EXPORTER=console prints the metrics', async () => {
    const env = { OTEL_METRICS_EXPORTER: 'console', OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
    const result = await run(['--require', 'signal-otel/register', app('app.cjs')], env);
    expect(result.stdout).toContain("name: 'signal.training.loss'");
  });

  it('warns once, in one line, of a bad variable, and goes on with the default', async () => {
    await using server = await startOtlpServer();
    const result = await run(
      ['--require', 'signal-otel/register', app('app.cjs')],
      environment(server, { OTEL_METRIC_EXPORT_INTERVAL: '10s' }),
    );
    expect(result.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/OTEL_METRIC_EXPORT_INTERVAL.*"10s".*10000/),
    ]);
    expect(server.requests.some(({ path }) => path === '/v1/metrics')).toBe(true);
  });

  it('warns once while delivery fails, without headers or keys, and says when it works again', async () => {
    await using server = await startOtlpServer();
    server.answerWith(401);
    await using child = await startNode(['--require', 'signal-otel/register', app('waiting.mjs')], {
      cwd: root,
      env: environment(server, {
        OTEL_METRIC_EXPORT_INTERVAL: '50',
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20sk-secret',
      }),
    });
    await server.waitFor(() => server.requests.length >= 5);
    server.answerWith(200);
    await child.waitForOutput(/delivery works again/);
    const lines = child.stderr().trim().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(
        /^signal-otel: cannot deliver metrics to http:\/\/127\.0\.0\.1:\d+\/v1\/metrics: it answers 401/,
      ),
      expect.stringContaining('delivery works again'),
    ]);
    expect(child.stderr()).not.toContain('secret');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: the last step is delivered and the signal kills as before',
    async (signal) => {
      await using server = await startOtlpServer();
      await using child = await startNode(['--require', 'signal-otel/register', app('waiting.mjs')], {
        cwd: root,
        env: environment(server, { OTEL_METRIC_EXPORT_INTERVAL: '600000' }),
      });
      await child.waitForOutput(/training/);
      expect(await child.kill(signal)).toEqual({ code: null, signal });
      expect(server.requests.some(({ path }) => path === '/v1/metrics')).toBe(true);
    },
  );

  it.each(['otlp', 'prometheus'])('keeps a MeterProvider that the host registered before (%s)', async (exporter) => {
    await using server = await startOtlpServer();
    const result = await run([app('host-provider.cjs')], environment(server, { OTEL_METRICS_EXPORTER: exporter }));
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual(
      expect.arrayContaining(['signal.training.loss', 'signal.training.step', 'signal.training.current_step']),
    );
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
  });
});

function resourceOf(server: OtlpServer): Record<string, string> {
  const metrics = server.requests.find(({ path }) => path === '/v1/metrics');
  if (metrics === undefined) throw new Error('no metrics arrived');
  const body: { resourceMetrics: { resource: { attributes: { key: string; value: { stringValue?: string } }[] } }[] } =
    JSON.parse(metrics.body.toString('utf8'));
  const attributes = body.resourceMetrics[0]?.resource.attributes ?? [];
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? '']));
}
