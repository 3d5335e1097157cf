import { describe, expect, it } from 'vitest';
import { createMetricsCollector } from '../../../src/index.ts';
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
