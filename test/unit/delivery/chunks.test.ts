import { ValueType } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chunksOf } from '../../../src/delivery/chunks.ts';

function gauge(name: string, values: readonly number[]): MetricData {
  return {
    descriptor: { name, description: '', unit: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.DELTA,
    dataPointType: DataPointType.GAUGE,
    dataPoints: values.map((value) => ({ attributes: {}, startTime: [0, 0], endTime: [0, 0], value })),
  };
}

it('chunks have every point once, in order and in its place, and none more than asked for', () => {
  const scopes = fc.array(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(scopes, fc.integer({ min: 1, max: 10 }), (counts, maxPoints) => {
      let next = 0;
      const scopeMetrics = counts.map((metrics, scope) => ({
        scope: { name: `scope ${scope}` },
        metrics: metrics.map((count, metric) =>
          gauge(
            `metric ${metric}`,
            Array.from({ length: count }, () => next++),
          ),
        ),
      }));
      const chunks = [...chunksOf({ resource: emptyResource(), scopeMetrics }, maxPoints)];
      const flat = (of: typeof scopeMetrics) =>
        of.flatMap(({ scope, metrics }) =>
          metrics.flatMap(({ descriptor, dataPoints }) =>
            dataPoints.map(({ value }) => [scope.name, descriptor.name, value]),
          ),
        );
      const perChunk = chunks.map((chunk) => flat(chunk.scopeMetrics));
      expect(perChunk.flat()).toEqual(flat(scopeMetrics));
      expect(perChunk.slice(0, -1).every(({ length }) => length === maxPoints)).toBe(true);
      expect(perChunk.every(({ length }) => length > 0 && length <= maxPoints)).toBe(true);
    }),
  );
});
