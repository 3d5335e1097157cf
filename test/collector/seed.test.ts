import { v1 } from '@datadog/datadog-api-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { type DatadogApi, startDatadogApi } from '../support/datadog-api.ts';
import { type DatadogIntake, startDatadogIntake } from '../support/datadog-intake.ts';
import { root } from '../support/driver.ts';
import { mergeSketches, sketchQuantile } from '../support/sketch.ts';

const KEY = 'key-of-the-account';

/** The ways to Datadog: through a Collector, and with the three variables alone. */
describe.each(['a Collector', 'no Collector'])('the examples of the guide, with %s', (way) => {
  const run = 'run_0123456789abcdef';
  const resources = new AsyncDisposableStack();
  let intake: DatadogIntake;
  let api: DatadogApi;
  let output: string;

  beforeAll(async () => {
    intake = resources.use(await startDatadogIntake({ apiKey: KEY }));
    api = resources.use(await startDatadogApi({ apiKey: KEY }));
    const result = await runNode(['--require', 'signal-otel/register', 'test/collector/apps/seed.mjs', run], {
      cwd: root,
      env: {
        DATADOG_ENABLED: 'true',
        DATADOG_API_KEY: KEY,
        DATADOG_APP_KEY: api.appKey,
        DATADOG_HOST: api.url,
        DD_SERVICE: 'trainer',
        ...(await destination()),
      },
    });
    output = result.stdout + result.stderr;
    expect(result).toMatchObject({ code: 0, stdout: '' });
    await intake.waitFor(() => intake.sketches.length > 0 && intake.logs.length > 0);
  });

  afterAll(() => resources.disposeAsync());

  async function destination(): Promise<Record<string, string>> {
    if (way === 'no Collector') return { DATADOG_OTLP_ENDPOINT: intake.url };
    const collector = resources.use(await startCollector({ env: intake.collectorEnv }));
    return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint };
  }

  const series = (name: string) => intake.series.filter(({ metric }) => metric === name);
  const sketches = (name: string) => intake.sketches.filter(({ metric }) => metric === name);
  const total = (name: string) =>
    series(name)
      .flatMap(({ points }) => points)
      .reduce((sum, { value }) => sum + value, 0);

  it('custom metrics arrive by name, with constant tags and tags of their own', () => {
    expect(series('signal.custom.my_metric')).toMatchObject([{ type: 'gauge', points: [{ value: 42 }] }]);
    expect(series('signal.custom.my_metric')[0]?.tags).toEqual(
      expect.arrayContaining(['env:production', 'team:ml', `run_id:${run}`, 'service:trainer']),
    );
    expect(series('signal.custom.event_count')).toMatchObject([{ type: 'count', points: [{ value: 1 }] }]);
    expect(sketches('signal.custom.latency_ms')).toMatchObject([{ points: [{ count: 1, sum: 125.3 }] }]);
  });

  it('a distribution has its percentiles', () => {
    const merged = sketches('signal.performance.forward_backward_duration_ms').flatMap(({ points }) => points);
    expect(merged.reduce((sum, { count }) => sum + count, 0)).toBe(100);
    // The intake makes the sketch of an OTLP histogram itself.
    if (way === 'no Collector') return;
    const sketch = mergeSketches(merged);
    expect(Math.abs(sketchQuantile(sketch, 0.5) - 500) / 500).toBeLessThan(0.02);
    expect(Math.abs(sketchQuantile(sketch, 0.99) - 990) / 990).toBeLessThan(0.02);
  });

  it('what is sampled stands for all of it', () => {
    const count = sketches('signal.custom.sampled_ms')
      .flatMap(({ points }) => points)
      .reduce((sum, point) => sum + point.count, 0);
    // Of 4000 calls at a quarter, five standard deviations are 550.
    expect(Math.abs(count - 4_000)).toBeLessThan(550);
    expect(Math.abs(total('signal.custom.sampled') - 8_000)).toBeLessThan(1_100);
  });

  it('events are events of Datadog, as its own model has them', () => {
    const ours = api.events.map(({ title, alertType }) => [title, alertType]);
    expect(ours).toEqual([
      [`Critical: KL divergence 0.1234 (${run})`, 'error'],
      ['High KL Divergence Detected', 'warning'],
      ['Training Milestone Reached', 'success'],
    ]);
    const [health, alert, milestone] = api.events;
    expect(health).toMatchObject({ aggregationKey: `${run}:signal.rl.kl_divergence` });
    expect(health?.tags).toEqual(
      expect.arrayContaining(['source:signal-otel', `run_id:${run}`, 'user_id:user_456', 'team:ml', 'service:trainer']),
    );
    expect(alert?.text).toBe('KL divergence 0.1234 exceeds threshold 0.1');
    expect(milestone?.tags).toEqual(expect.arrayContaining(['env:production', 'milestone:1000']));
    for (const event of api.events) {
      const read = v1.ObjectSerializer.deserialize(
        v1.ObjectSerializer.serialize(event, 'EventCreateRequest', ''),
        'EventCreateRequest',
        '',
      );
      expect([read._unparsed, read.additionalProperties]).toEqual([undefined, undefined]);
    }
  });

  it('service checks are service checks of Datadog, under the namespace', () => {
    expect(api.checks.map(({ check, status }) => [check, status])).toEqual([
      ['signal.rl.kl_divergence', 2],
      ['signal.rl.kl_divergence', 2],
    ]);
    expect(api.checks[1]).toMatchObject({ message: 'KL divergence 0.1234 exceeds 0.1' });
    expect(api.checks[1]?.tags).toEqual(expect.arrayContaining([`run_id:${run}`, 'env:production']));
  });

  it('each is an OpenTelemetry event, too, for every backend', () => {
    const names = intake.logs.map(({ attributes }) => attributes['otel.event_name'] ?? attributes.event_name);
    expect(names.filter((name) => name === 'signal.event')).toHaveLength(3);
    expect(names.filter((name) => name === 'signal.service_check')).toHaveLength(2);
  });

  it('the health of the run is a gauge by check', () => {
    const byCheck = series('signal.health.status').map(({ tags, points }) => [
      tags.find((tag) => tag.startsWith('check:')),
      points.at(-1)?.value,
    ]);
    expect(byCheck).toContainEqual(['check:signal.rl.kl_divergence', 2]);
    expect(byCheck).toContainEqual(['check:signal.training.stalled', 0]);
  });

  it('no key is in any output or in anything that arrived', () => {
    const everything = JSON.stringify([output, intake.series, intake.logs, intake.spans, api.events, api.checks]);
    expect(everything).not.toContain(KEY);
    expect(everything).not.toContain(api.appKey);
  });
});
