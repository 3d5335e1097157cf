import { metrics as api } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { createMetricsCollector, SignalMetrics } from '../../../src/index.ts';
import { TestMetrics } from '../../support/telemetry.ts';

describe('a MeterProvider that the host registers late', () => {
  it('gets what a collector and a client made before it record from then on', async () => {
    const collector = createMetricsCollector({ runId: 'run_early' });
    const client = new SignalMetrics();
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    client.gauge('custom.early', 1);

    const metrics = new TestMetrics();
    api.setGlobalMeterProvider(metrics.provider);
    collector.collectTrainingMetrics({ loss: 2, step: 2 });
    client.gauge('custom.early', 2);

    expect(await metrics.values('signal.training.loss')).toEqual([2]);
    expect(await metrics.values('signal.custom.early')).toEqual([2]);
    expect(collector.getMetricsSummary()).toMatchObject({ numMetrics: 2, lastLoss: 2 });
  });
});
