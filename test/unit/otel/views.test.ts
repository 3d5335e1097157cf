import { DataPointType } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { createInstruments, signalViews } from '../../../src/index.ts';
import { TestMetrics } from '../../support/telemetry.ts';

const DURATION = 'signal.performance.forward_backward_duration_ms';

describe('signalViews', () => {
  it('makes histograms of the meter exponential, and others stay as they are', async () => {
    const metrics = new TestMetrics({ views: signalViews() });
    createInstruments(metrics.provider.getMeter('signal'))[DURATION].record(250);
    metrics.provider.getMeter('app').createHistogram('app.duration').record(250);
    expect((await metrics.collect()).get(DURATION)?.dataPointType).toBe(DataPointType.EXPONENTIAL_HISTOGRAM);
    const { resourceMetrics } = await metrics.reader.collect();
    const app = resourceMetrics.scopeMetrics.find(({ scope }) => scope.name === 'app');
    expect(app?.metrics[0]?.dataPointType).toBe(DataPointType.HISTOGRAM);
  });

  it('resolves a spread from 1 ms to 1 h to within 4 % in every bucket', async () => {
    const metrics = new TestMetrics({ views: signalViews(), temporality: 'delta' });
    const histogram = createInstruments(metrics.provider.getMeter('signal'))[DURATION];
    for (let exponent = 0; exponent <= 1_000; exponent++) histogram.record(3_600_000 ** (exponent / 1_000));
    const [point] = await metrics.points(DURATION);
    if (point === undefined || typeof point.value === 'number' || !('scale' in point.value))
      throw new Error('no point');
    const growth = 2 ** (2 ** -point.value.scale);
    expect((growth - 1) / 2).toBeLessThan(0.04);
    expect(point.value.positive.bucketCounts.length).toBeLessThanOrEqual(640);
  });

  it('gives explicit bounds from 1 ms to 1 h for Prometheus, as the instruments advise anyway', async () => {
    for (const views of [signalViews({ histograms: 'explicit' }), []]) {
      const metrics = new TestMetrics({ views });
      createInstruments(metrics.provider.getMeter('signal'))[DURATION].record(250);
      const [point] = await metrics.points(DURATION);
      if (point === undefined || typeof point.value === 'number' || !('buckets' in point.value))
        throw new Error('none');
      const { boundaries } = point.value.buckets;
      expect(boundaries[0]).toBe(1);
      expect(boundaries.at(-1)).toBe(3_600_000);
      const steps = boundaries.slice(1).map((bound, index) => bound / (boundaries[index] ?? 0));
      expect(Math.max(...steps)).toBeLessThan(1.3);
      expect(Math.min(...steps)).toBeGreaterThan(1.1);
    }
  });

  it('refuses a form of histograms that there is not', () => {
    const options: object = { histograms: 'summary' };
    expect(() => signalViews(options)).toThrow(/exponential or explicit/);
  });
});
