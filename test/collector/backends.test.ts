import type { DataPoint, ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';
import { afterAll, describe, expect, it } from 'vitest';
import { runNode, startNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { startDatadogApi } from '../support/datadog-api.ts';
import { startDatadogIntake } from '../support/datadog-intake.ts';
import type { Series, Sketch } from '../support/datadog-wire.ts';
import { root } from '../support/driver.ts';
import { parseExposition } from '../support/exposition.ts';
import { TestEvents, TestMetrics } from '../support/telemetry.ts';
import { recordAll } from './apps/whole-api.ts';

/** What a backend has of a metric: the last value of a level, the total of a counter, how many values were measured. */
type Totals = Readonly<Record<string, number>>;

/** What every backend is to have, whatever the way. */
const expected: Totals = {
  'signal.training.loss': 0.2,
  'signal.training.grad_norm': 2,
  'signal.training.learning_rate': 0.25,
  'signal.training.perplexity': 7,
  'signal.training.step': 6,
  'signal.training.current_step': 6,
  'signal.training.non_finite': 1,
  'signal.rl.kl_divergence': 0.2,
  'signal.rl.entropy': 3,
  'signal.rl.reward_mean': 4,
  'signal.rl.value_loss': 0.5,
  'signal.performance.queue_depth': 4,
  'signal.performance.gpu_utilization': 50,
  'signal.performance.forward_backward_duration_ms': 5,
  'signal.performance.save_state_duration_ms': 1,
  'signal.performance.sample_duration_ms': 1,
  'signal.health.status signal.rl.kl_divergence': 2,
  'signal.health.status signal.training.non_finite': 2,
  'signal.health.status signal.training.stalled': 0,
  'signal.custom.level': 42,
  'signal.custom.size': 2,
  'signal.custom.load_ms': 1,
  'signal.custom.tokens': 4_096,
  'signal.custom.budget': -5,
  'signal.custom.users': 2,
  'signal.custom.work_ms': 1,
};

/** The package about itself is another matter. */
const isOfRun = (name: string) => !/^signal[._]otel[._]/.test(name) && /^signal[._]/.test(name);

const KEY = 'key-of-the-account';
const EVENTS = ['Critical: KL divergence 0.2', 'Critical: Non-finite values 1 value', 'Done', 'Milestone'];
const CHECKS = [
  'signal.custom.queue 1',
  'signal.rl.kl_divergence 2',
  'signal.rl.sampler 0',
  'signal.training.non_finite 2',
];

const resources = new AsyncDisposableStack();
afterAll(() => resources.disposeAsync());

describe('the whole of the API has the same values', () => {
  it.each(['a Collector', 'no Collector'])('at Datadog, by %s', async (way) => {
    const intake = resources.use(await startDatadogIntake({ apiKey: KEY }));
    const api = resources.use(await startDatadogApi({ apiKey: KEY }));
    const collector =
      way === 'a Collector' ? resources.use(await startCollector({ env: intake.collectorEnv })) : undefined;
    const result = await run({
      DATADOG_ENABLED: 'true',
      DATADOG_API_KEY: KEY,
      DATADOG_HOST: api.url,
      ...(collector === undefined
        ? { DATADOG_OTLP_ENDPOINT: intake.url }
        : { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint }),
    });
    expect(result).toMatchObject({ code: 0 });
    expect(await intake.waitFor(() => intake.sketches.length > 0 && totalsOf(intake.series, intake.sketches))).toEqual(
      expected,
    );
    expect(api.events.map(({ title }) => title.replace(/ \(run_\w+\)$/, '')).sort()).toEqual(EVENTS);
    expect(api.checks.map(({ check, status }) => `${check} ${status}`).sort()).toEqual(CHECKS);
  });

  it('on the page that Prometheus reads', async () => {
    await using driver = await startNode(['--require', 'signal-otel/register', 'test/collector/apps/whole-api.ts'], {
      cwd: root,
      env: { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: '0', SIGNAL_GPU_INTERVAL: '0' },
    });
    const [, url = ''] = await driver.waitForOutput(/Prometheus metrics at (\S+)/);
    await driver.waitForOutput(/Non-finite|NaN or infinite/);
    const page = await pageWith(url, 'signal_custom_work_ms_count');
    const totals: Record<string, number> = {};
    for (const { name, type, samples } of parseExposition(page).values()) {
      if (!isOfRun(name)) continue;
      for (const sample of samples) {
        if (type === 'histogram' && !sample.name.endsWith('_count')) continue;
        const check = sample.labels.get('check');
        totals[`${nameAtSource(name)}${check === undefined ? '' : ` ${check}`}`] = sample.value;
      }
    }
    expect(totals).toEqual(expected);
  });

  it('in memory, on an SDK of the host', async () => {
    const metrics = new TestMetrics({ meter: 'official' });
    const events = new TestEvents();
    await recordAll({ meterProvider: metrics.provider, loggerProvider: events.provider });
    const totals: Record<string, number> = {};
    for (const [name, { dataPoints }] of await metrics.collect()) {
      for (const { value, attributes } of dataPoints) {
        totals[`${name}${attributes.check === undefined ? '' : ` ${attributes.check}`}`] = amountOf(value);
      }
    }
    expect(totals).toEqual(expected);
    expect(
      events
        .events()
        .map(({ title }) => title.replace(/ \(run_\w+\)$/, ''))
        .sort(),
    ).toEqual(EVENTS);
    const levels = ['ok', 'warning', 'critical'];
    expect(
      events
        .checks()
        .map(({ check, status }) => `${check} ${levels.indexOf(status)}`)
        .sort(),
    ).toEqual(CHECKS);
  });
});

function run(env: Record<string, string>) {
  const program = ['--require', 'signal-otel/register', 'test/collector/apps/whole-api.ts'];
  return runNode(program, { cwd: root, env: { SIGNAL_GPU_INTERVAL: '0', ...env } });
}

function totalsOf(series: readonly Series[], sketches: readonly Sketch[]): Totals {
  const totals: Record<string, number> = {};
  for (const { metric, type, tags, points } of series) {
    if (!isOfRun(metric)) continue;
    const check = tags.find((tag) => tag.startsWith('check:'))?.slice('check:'.length);
    const key = `${metric}${check === undefined ? '' : ` ${check}`}`;
    for (const { value } of points) totals[key] = type === 'gauge' ? value : (totals[key] ?? 0) + value;
  }
  for (const { metric, points } of sketches) {
    for (const { count } of points) if (isOfRun(metric)) totals[metric] = (totals[metric] ?? 0) + count;
  }
  return totals;
}

function amountOf(value: DataPoint<number | Histogram | ExponentialHistogram>['value']): number {
  return typeof value === 'number' ? value : value.count;
}

/** By the names that are expected: Prometheus's own cannot be turned back. */
function nameAtSource(name: string): string {
  const plain = name.replace(/_total$/, '');
  return (
    Object.keys(expected)
      .map((key) => key.split(' ')[0] ?? '')
      .find((key) => key.replaceAll('.', '_') === plain) ?? name
  );
}

async function pageWith(url: string, text: string): Promise<string> {
  for (;;) {
    const page = await (await fetch(url)).text();
    if (page.includes(text)) return page;
  }
}
