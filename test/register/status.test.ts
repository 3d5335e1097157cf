import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startNode } from '../support/child.ts';
import { startOtlpServer, valuesOf } from '../support/otlp-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('getPipelineStatus and signal.otel.* tell how delivery goes; messages go to the logger of the host', async () => {
  await using server = await startOtlpServer();
  server.answerWith(503);
  await using driver = await startNode(['test/register/apps/status.mjs'], {
    cwd: root,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: '600000',
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative',
      SIGNAL_SHUTDOWN_TIMEOUT: '1000',
    },
  });
  await driver.waitForOutput(/failing\n/);
  server.answerWith(200);
  driver.endInput('on\n');
  expect(await driver.exited).toEqual({ code: 0, signal: null });
  expect(driver.stderr()).toBe('');

  const { off, idle, failing, delivering, messages } = JSON.parse(driver.stdout().split('\n')[1] ?? '');
  expect(off).toEqual({
    state: 'off',
    queue: { requests: 0, bytes: 0 },
    signals: {},
    series: { live: 0, byMetric: {} },
  });
  expect(idle).toMatchObject({ state: 'idle', queue: { requests: 0 } });
  expect(failing).toMatchObject({
    state: 'failing',
    queue: { requests: 1 },
    signals: { metrics: { exportedPoints: 0, droppedPoints: {}, failure: 'it answers 503' } },
  });
  expect(failing.queue.bytes).toBeGreaterThan(0);
  expect(delivering).toMatchObject({ state: 'delivering', queue: { requests: 0, bytes: 0 } });
  expect(delivering.signals.metrics.exportedPoints).toBeGreaterThan(4);
  expect(delivering.signals.metrics.failure).toBeUndefined();
  expect(delivering.signals.metrics.lastSuccessMillis).toBeGreaterThan(0);
  const { series } = delivering;
  expect(series.byMetric).toMatchObject({ 'signal.training.loss': 1, 'signal.training.step': 1 });
  expect(Object.values<number>(series.byMetric).reduce((sum, count) => sum + count)).toBe(series.live);
  expect(messages).toEqual([
    expect.stringMatching(/^warn signal-otel cannot deliver metrics to http:.*\/v1\/metrics: it answers 503/),
    expect.stringMatching(/^info signal-otel delivery works again: .*nothing was lost/),
  ]);

  const last = server.requests.filter(({ path }) => path === '/v1/metrics').at(-1);
  if (last === undefined) throw new Error('no metrics arrived');
  const names = valuesOf(last, 'name');
  for (const metric of ['points_exported', 'queue_length', 'queue_bytes', 'last_success_age', 'series']) {
    expect(names).toContain(`signal.otel.${metric}`);
  }
  const values = server.requests.flatMap((request) => valuesOf(request, 'asDouble'));
  expect(values).toContain(delivering.signals.metrics.exportedPoints);
});
