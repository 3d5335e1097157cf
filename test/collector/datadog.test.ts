import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resultKeys, signalMetrics } from '../../src/catalogue/index.ts';
import { runNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { type DatadogIntake, startDatadogIntake } from '../support/datadog-intake.ts';
import type { Series } from '../support/datadog-wire.ts';
import { exactQuantile } from '../support/quantile.ts';
import { mergeSketches, sketchQuantile } from '../support/sketch.ts';
import { startTrainingServer } from '../support/training-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a driver under register, through the real Collector with the repository's configuration, to the double. */
async function drive(
  intake: DatadogIntake,
  args: string[],
  { env = {}, until }: { env?: Record<string, string>; until: () => boolean },
): Promise<string> {
  await using collector = await startCollector({ env: intake.collectorEnv });
  const result = await runNode(['--require', 'signal-otel/register', ...args], {
    cwd: root,
    timeoutMillis: 150_000,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint,
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      DD_SERVICE: 'trainer',
      DD_ENV: 'test',
      ...env,
    },
  });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  // The Datadog exporter drops what it holds when it is stopped, so everything has to arrive before.
  await intake.waitFor(() => until());
  return result.stdout;
}

function seriesOf(intake: DatadogIntake, name: string): Series[] {
  return intake.series.filter(({ metric }) => metric === name);
}

function lastValue(intake: DatadogIntake, name: string): number | undefined {
  const points = seriesOf(intake, name).flatMap(({ points }) => points);
  return points.toSorted((a, b) => a.timestampSeconds - b.timestampSeconds).at(-1)?.value;
}

function total(intake: DatadogIntake, name: string): number {
  return seriesOf(intake, name)
    .flatMap(({ points }) => points)
    .reduce((sum, { value }) => sum + value, 0);
}

function countOf(intake: DatadogIntake, name: string): number {
  return intake.sketches
    .filter(({ metric }) => metric === name)
    .flatMap(({ points }) => points)
    .reduce((sum, { count }) => sum + count, 0);
}

function sketchOf(intake: DatadogIntake, name: string) {
  return mergeSketches(intake.sketches.filter(({ metric }) => metric === name).flatMap(({ points }) => points));
}

function relativeError(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.abs(expected);
}

const gaugeNames = signalMetrics
  .filter(({ kind, name }) => kind === 'gauge' && !/^signal\.(otel|health)\./.test(name))
  .map(({ name }) => name);
const histogramNames = signalMetrics.filter(({ kind }) => kind === 'histogram').map(({ name }) => name);

describe('known numbers, through the real Collector to Datadog', () => {
  it('arrive as every metric of the seed, by its exact name, type, tags and value', { timeout: 120_000 }, async () => {
    await using intake = await startDatadogIntake();
    const printed = JSON.parse(
      await drive(intake, ['test/collector/apps/known-numbers.mjs'], {
        until: () =>
          seriesOf(intake, 'signal.training.non_finite').length > 0 && countOf(intake, 'signal.custom.latency_ms') > 0,
      }),
    );
    const tags = ['run_id:run_known', 'user_id:user_known', 'model:known-model', 'env:test', 'service:trainer'];

    for (const name of gaugeNames) {
      expect([name, seriesOf(intake, name).length]).not.toEqual([name, 0]);
      for (const series of seriesOf(intake, name)) {
        expect(series.type).toBe('gauge');
        expect(series.tags).toEqual(expect.arrayContaining(tags));
        expect(series.unit).toBe('');
      }
    }
    const expected = {
      'signal.training.loss': printed.training.loss,
      'signal.training.grad_norm': printed.training.gradNorm,
      'signal.training.learning_rate': printed.training.learningRate,
      'signal.training.current_step': printed.steps - 1,
      'signal.rl.policy_loss': printed.rl.policyLoss,
      'signal.rl.value_loss': printed.rl.valueLoss,
      'signal.rl.entropy': printed.rl.entropy,
      'signal.rl.kl_divergence': printed.rl.klDivergence,
      'signal.rl.clip_fraction': printed.rl.clipFraction,
      'signal.rl.advantage_mean': printed.rl.advantageMean,
      'signal.rl.advantage_std': printed.rl.advantageStd,
      'signal.rl.explained_variance': printed.rl.explainedVariance,
      'signal.rl.reward_mean': printed.rl.rewardMean,
      'signal.performance.queue_depth': printed.performance.queueDepth,
      'signal.performance.gpu_utilization': printed.performance.gpuUtilization,
      'signal.performance.gpu_memory_used_gb': printed.performance.gpuMemoryUsedGb,
    };
    expect(Object.keys(expected).sort()).toEqual([...gaugeNames].sort());
    for (const [name, value] of Object.entries(expected))
      expect([name, lastValue(intake, name)]).toEqual([name, value]);

    expect(seriesOf(intake, 'signal.training.step').map(({ type }) => type)).toContain('count');
    expect(total(intake, 'signal.training.step')).toBe(printed.steps);
    expect(total(intake, 'signal.training.non_finite')).toBe(1);
    expect(seriesOf(intake, 'signal.training.non_finite')[0]?.tags).toContain('metric:signal.training.loss');
    expect(total(intake, 'signal.custom.event_count')).toBe(7);
    expect(seriesOf(intake, 'signal.custom.event_count')[0]).toMatchObject({
      type: 'count',
      tags: expect.arrayContaining(['team:ml']),
    });
    expect(sketchOf(intake, 'signal.custom.latency_ms')).toMatchObject({ count: 1 });

    const durations: Record<string, number[]> = {
      'signal.performance.forward_backward_duration_ms': printed.forwardBackward,
      'signal.performance.optim_step_duration_ms': printed.optimStep,
    };
    expect(Object.keys(durations).sort()).toEqual([...histogramNames].sort());
    for (const [name, values] of Object.entries(durations)) {
      const sketch = sketchOf(intake, name);
      expect(sketch.count).toBe(values.length);
      expect(
        relativeError(
          sketch.sum,
          values.reduce((sum, value) => sum + value, 0),
        ),
      ).toBeLessThan(1e-9);
      for (const quantile of [0.5, 0.99]) {
        expect(relativeError(sketchQuantile(sketch, quantile), exactQuantile(values, quantile))).toBeLessThan(0.02);
      }
      for (const { tags: sketchTags } of intake.sketches.filter(({ metric }) => metric === name)) {
        expect(sketchTags).toEqual(expect.arrayContaining(tags));
      }
    }
    expect(intake.requests.filter(({ status }) => status >= 400)).toEqual([]);
  });
});

describe('the example, through the real Collector to Datadog', () => {
  it('shows a real PPO run: last values, counts, percentiles and spans are the true ones', {
    timeout: 180_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'signal-otel-example-'));
    const file = join(folder, 'truth.json');
    try {
      await using server = await startTrainingServer();
      await using intake = await startDatadogIntake();
      await drive(
        intake,
        ['examples/train.ts', '--url', server.url, '--steps', '320', '--target-reward', '201', '--json', file],
        {
          env: { SIGNAL_API_KEY: 'sk-test' },
          until: () =>
            total(intake, 'signal.training.step') === 320 &&
            histogramNames.every((name) => countOf(intake, name) === 320) &&
            intake.spans.filter(({ resource }) => resource === 'train.step').length === 320,
        },
      );
      const truth: {
        run_id: string;
        optim_steps: number;
        metrics: Record<string, number>;
        operations: Record<string, { durations_ms: number[] }>;
      } = JSON.parse(await readFile(file, 'utf8'));
      expect(truth.optim_steps).toBe(320);

      const mapped = Object.entries(truth.metrics).filter(([key]) => resultKeys.has(key));
      expect(mapped.length).toBeGreaterThanOrEqual(12);
      for (const [key, value] of mapped) {
        const name = resultKeys.get(key) ?? key;
        expect([name, lastValue(intake, name)]).toEqual([name, value]);
        expect(seriesOf(intake, name)[0]?.tags).toEqual(
          expect.arrayContaining([`run_id:${truth.run_id}`, 'env:test', 'service:trainer', 'team:ml']),
        );
      }
      expect(total(intake, 'signal.training.step')).toBe(truth.optim_steps);
      expect(lastValue(intake, 'signal.training.current_step')).toBe(truth.optim_steps);

      for (const [operation, { durations_ms }] of Object.entries(truth.operations)) {
        const sketch = sketchOf(intake, `signal.performance.${operation}_duration_ms`);
        expect(sketch.count).toBe(truth.optim_steps);
        expect(durations_ms).toHaveLength(truth.optim_steps);
        for (const quantile of [0.5, 0.99]) {
          expect(relativeError(sketchQuantile(sketch, quantile), exactQuantile(durations_ms, quantile))).toBeLessThan(
            0.02,
          );
        }
      }

      const steps = new Set(
        intake.spans.filter(({ resource }) => resource === 'train.step').map(({ spanId }) => spanId),
      );
      expect(steps.size).toBe(truth.optim_steps);
      for (const resource of ['signal.forward_backward', 'signal.optim_step']) {
        const spans = intake.spans.filter((span) => span.resource === resource);
        expect(spans).toHaveLength(truth.optim_steps);
        expect(spans.every(({ parentId }) => parentId !== undefined && steps.has(parentId))).toBe(true);
        expect(spans[0]?.meta).toMatchObject({ run_id: truth.run_id, model: 'examples/cartpole-mlp' });
        expect(spans.some(({ error }) => error)).toBe(false);
      }
      expect(JSON.stringify([intake.series, intake.spans.map(({ meta }) => meta), intake.logs])).not.toContain(
        'sk-test',
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
