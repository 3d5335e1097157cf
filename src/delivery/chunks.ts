import type { MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';

/**
 * Metrics in pieces of at most so many points, in their order. The official reader can do the same, but with turns of the
 * event loop between the pieces, which an end of the process would cut short.
 */
export function* chunksOf({ resource, scopeMetrics }: ResourceMetrics, maxPoints: number): Generator<ResourceMetrics> {
  let chunk: ScopeMetrics[] = [];
  let room = maxPoints;
  for (const { scope, metrics } of scopeMetrics) {
    let piece: ScopeMetrics | undefined;
    for (const metric of metrics) {
      for (let from = 0; from < metric.dataPoints.length; ) {
        if (piece === undefined) {
          piece = { scope, metrics: [] };
          chunk.push(piece);
        }
        const part = partOf(metric, from, from + room);
        piece.metrics.push(part);
        from += part.dataPoints.length;
        room -= part.dataPoints.length;
        if (room > 0) continue;
        yield { resource, scopeMetrics: chunk };
        chunk = [];
        piece = undefined;
        room = maxPoints;
      }
    }
  }
  if (chunk.length > 0) yield { resource, scopeMetrics: chunk };
}

function partOf(metric: MetricData, from: number, to: number): MetricData {
  if (from === 0 && to >= metric.dataPoints.length) return metric;
  // The points are of the metric's own kind, which the compiler does not follow through `slice`.
  return { ...metric, dataPoints: metric.dataPoints.slice(from, to) } as MetricData;
}
