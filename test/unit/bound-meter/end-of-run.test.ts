import { describe, expect, it } from 'vitest';
import { createMetricsCollector, type MetricsCollectorOptions } from '../../../src/index.ts';
import { startEndpoint } from '../../support/prometheus-endpoint.ts';
import { TestMetrics } from '../../support/telemetry.ts';

describe('a collector on the bound meter', () => {
  it('leaves no series behind after end(), those with attributes of their own included', async () => {
    const metrics = new TestMetrics({ meter: 'bound' });
    const collector = createMetricsCollector({ runId: 'run_1', meterProvider: metrics.provider });
    collector.collectTrainingMetrics({ loss: 1, gradNorm: Number.NaN, step: 1 });
    collector.startOperation('sample').end({ error: new Error('no') });
    collector.end();
    expect([...(await metrics.collect()).keys()].sort()).toEqual([
      'signal.health.status',
      'signal.performance.sample_duration_ms',
      'signal.training.current_step',
      'signal.training.loss',
      'signal.training.non_finite',
      'signal.training.step',
    ]);
    expect((await metrics.collect()).size).toBe(0);
  });
});

describe('collectors that share a series', () => {
  const shared = (runId: string, meterProvider: MetricsCollectorOptions['meterProvider']) =>
    createMetricsCollector({ runId, meterProvider, omitAttributes: ['run_id'], health: false });

  it('end it with the last of them, and leave none behind', async () => {
    const metrics = new TestMetrics({ meter: 'bound' });
    const [one, other] = [shared('run_1', metrics.provider), shared('run_2', metrics.provider)];
    one.collectTrainingMetrics({ loss: 1, step: 1 });
    other.collectTrainingMetrics({ loss: 2, step: 1 });
    one.end();
    one.end();
    // A reader is shown an ended series once more, and one that goes on each time.
    for (let time = 0; time < 3; time++) expect(await metrics.values('signal.training.loss')).toEqual([2]);
    other.collectTrainingMetrics({ loss: 3, step: 2 });
    expect(await metrics.values('signal.training.step')).toEqual([3]);
    other.end();
    expect(await metrics.values('signal.training.step')).toEqual([3]);
    expect((await metrics.collect()).size).toBe(0);
  });

  it('have it begin anew with one that comes after the end', async () => {
    const metrics = new TestMetrics({ meter: 'bound' });
    const one = shared('run_1', metrics.provider);
    one.collectTrainingMetrics({ loss: 1, step: 1 });
    one.end();
    const other = shared('run_2', metrics.provider);
    other.collectTrainingMetrics({ loss: 2, step: 1 });
    for (let time = 0; time < 2; time++) expect(await metrics.values('signal.training.step')).toEqual([2]);
    other.end();
    await metrics.collect();
    expect((await metrics.collect()).size).toBe(0);
  });

  it('have one line each on the Prometheus endpoint, and one series in the count', async () => {
    await using endpoint = await startEndpoint();
    const runs = ['run_1', 'run_2', 'run_3'].map((runId) => shared(runId, endpoint.provider));
    for (const [index, run] of runs.entries()) {
      run.collectTrainingMetrics({ loss: index, step: 1 });
      run.collectPerformanceMetrics({ optimStepDurationMs: 10 });
    }
    // Reading it fails where a sample stands twice.
    const page = await endpoint.scrape();
    expect(page.get('signal_training_loss')?.samples).toMatchObject([{ value: 2 }]);
    expect(page.get('signal_training_step_total')?.samples).toMatchObject([{ value: 3 }]);
    const counts = page.get('signal_performance_optim_step_duration_ms')?.samples;
    expect(counts?.filter(({ name }) => name.endsWith('_count'))).toMatchObject([{ value: 3 }]);
    expect(endpoint.provider.liveSeriesByMetric()).toEqual({
      'signal.training.current_step': 1,
      'signal.training.step': 1,
      'signal.training.loss': 1,
      'signal.performance.optim_step_duration_ms': 1,
    });
    expect(endpoint.provider.liveSeries).toBe(4);
    for (const run of runs) run.end();
    await endpoint.scrape();
    expect(endpoint.provider.liveSeries).toBe(0);
    expect(endpoint.provider.liveSeriesByMetric()).toEqual({});
  });
});
