import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { signalMetrics } from '../../src/catalogue/index.ts';
import { runNode, startNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { freePort } from '../support/ports.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startTrainingServer } from '../support/training-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const DURATION = 'signal_performance_forward_backward_duration_ms';

const local = {
  OTEL_METRICS_EXPORTER: 'prometheus',
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_EXPORTER_PROMETHEUS_PORT: '0',
};

/** The names that a Prometheus text declares, of the package's metrics. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/^# TYPE (signal_(?:training|rl|performance)_\S+) /gm)].map(([, name]) => name ?? '').sort();
}

/** What the seed's names become by Prometheus's own rules: dots to underscores, `_total` for counters. */
const expectedNames = signalMetrics
  .filter(({ name }) => !/^signal\.(otel|health)\./.test(name))
  .map(({ name, kind }) => `${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`)
  .sort();

describe('Prometheus', () => {
  it('scrapes the running example and answers histogram_quantile', { timeout: 120_000 }, async () => {
    await using server = await startTrainingServer();
    await using driver = await startNode(
      [
        '--require',
        'signal-otel/register',
        'examples/train.ts',
        '--url',
        server.url,
        '--steps',
        '100000',
        '--target-reward',
        '201',
      ],
      { cwd: root, env: { ...local, SIGNAL_API_KEY: 'sk-test' } },
    );
    const [, address] = await driver.waitForOutput(/Prometheus metrics at http:\/\/([^/]+)\/metrics/);
    await using prometheus = await startPrometheus({ scrapeTargets: [address ?? ''], scrapeIntervalMillis: 500 });
    const p99 = await prometheus.waitForSample(
      `histogram_quantile(0.99, sum by (le) (rate(${DURATION}_bucket[10s])))`,
      ({ value }) => Number.isFinite(value),
      { timeoutMillis: 60_000 },
    );
    expect(p99.value).toBeGreaterThan(0);
    expect(p99.value).toBeLessThan(10_000);
    const loss = await prometheus.waitForSample('signal_training_loss');
    expect(loss.labels.run_id).toMatch(/^run_[0-9a-f]{16}$/);
    const steps = await prometheus.waitForSample('signal_training_step_total', ({ value }) => value > 10);
    expect(steps.labels).toMatchObject({ user_id: expect.any(String), team: 'ml' });
  });

  it("has the seed's names, the same by the own endpoint and by the Collector", { timeout: 120_000 }, async () => {
    await using own = await startNode(['--require', 'signal-otel/register', 'test/collector/apps/staying.mjs'], {
      cwd: root,
      env: local,
    });
    const [, url] = await own.waitForOutput(/Prometheus metrics at (\S+)/);
    await own.waitForOutput(/"steps"/);
    const ownText = await (await fetch(url ?? '')).text();
    expect(namesIn(ownText)).toEqual(expectedNames);

    const port = await freePort();
    await using collector = await startCollector({
      config: fileURLToPath(new URL('./configs/prometheus.yaml', import.meta.url)),
      env: { PROMETHEUS_ENDPOINT: `127.0.0.1:${port}` },
    });
    const sent = await runNode(['--require', 'signal-otel/register', 'test/collector/apps/known-numbers.mjs'], {
      cwd: root,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint,
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative',
        OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'explicit_bucket_histogram',
      },
    });
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    const collectorText = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(namesIn(collectorText)).toEqual(expectedNames);
  });

  it('takes the metrics by its own OTLP receiver under the same names', { timeout: 120_000 }, async () => {
    await using prometheus = await startPrometheus({ otlpReceiver: true });
    const sent = await runNode(['--require', 'signal-otel/register', 'test/collector/apps/known-numbers.mjs'], {
      cwd: root,
      env: {
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${prometheus.url}/api/v1/otlp/v1/metrics`,
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative',
        OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'explicit_bucket_histogram',
      },
    });
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    await prometheus.waitForSample('signal_training_loss', ({ value }) => value === 0.5);
    const p99 = await prometheus.waitForSample(`histogram_quantile(0.99, ${DURATION}_bucket)`);
    expect(p99.value).toBeGreaterThan(200);
    expect(p99.value).toBeLessThan(260);
    const names = await prometheus.query('count by (__name__) ({__name__=~"signal_(training|rl|performance)_.*"})');
    const families = new Set(names.map(({ labels }) => (labels.__name__ ?? '').replace(/_(bucket|sum|count)$/, '')));
    expect([...families].sort()).toEqual(expectedNames);
  });
});
