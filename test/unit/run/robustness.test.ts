import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMetricsCollector, SignalMetrics } from '../../../src/index.ts';
import { CapturedLog } from '../../support/log.ts';
import { TestMetrics } from '../../support/telemetry.ts';

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});

describe('whatever training code gives', () => {
  it('throws nowhere and poisons no series', { timeout: 120_000 }, async () => {
    new CapturedLog().install();
    const metrics = new TestMetrics();
    const collector = createMetricsCollector({ runId: 'run_1', meterProvider: metrics.provider });
    const client = new SignalMetrics({ meterProvider: metrics.provider });
    const recorders = [client.gauge, client.histogram, client.distribution, client.timing, client.increment] as const;
    fc.assert(
      fc.property(anything, anything, anything, (first, second, third) => {
        // Typed callers cannot do any of this; JavaScript ones, and JSON from a server, can.
        const call = (method: object, ...args: unknown[]) => Reflect.apply(method as () => void, client, args);
        const collect = (method: object, ...args: unknown[]) => Reflect.apply(method as () => void, collector, args);
        collect(collector.collectTrainingMetrics, first);
        collect(collector.collectTrainingMetrics, { loss: first, step: second, extraMetrics: third });
        collect(collector.collectRlMetrics, first);
        collect(collector.collectPerformanceMetrics, first);
        collect(collector.collectResult, first, second);
        collect(collector.collectResult, { metrics: first, loss: second, step: third }, third);
        collect(collector.timeOperation, first, () => ({ step: second }));
        const operation = collector.startOperation('sample');
        Reflect.apply(operation.end, operation, [third]);
        for (const recorder of [...recorders, client.decrement, client.set]) {
          call(recorder, first, second, third);
          call(recorder, 'custom.value', second, { tags: third, sampleRate: first });
        }
        collector.getMetricsSummary();
      }),
      { numRuns: 3_000, seed: 4 },
    );
    const names = [...(await metrics.collect()).keys()];
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      for (const { value } of await metrics.points(name)) {
        expect([name, Number.isFinite(typeof value === 'number' ? value : value.sum)]).toEqual([name, true]);
      }
    }
  });
});
