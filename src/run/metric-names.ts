import { findMetric, type MetricKind, NAMESPACE, progressMetrics, qualifiedName } from '../catalogue/index.ts';
import { warnOnce } from '../otel/diagnostics.ts';

const RESERVED: ReadonlySet<string> = new Set(progressMetrics.map(({ name }) => name));

/** The metric that an extra key of a training step is; `undefined` for those that the collector derives itself. */
export function extraMetricName(key: string): string | undefined {
  const name = key.startsWith(`${NAMESPACE}.`) ? qualifiedName(key) : qualifiedName(`${NAMESPACE}.training.${key}`);
  if (name === undefined || !RESERVED.has(name)) return name;
  warnOnce(`reserved:${name}`, `extraMetrics: ${name} follows from step; the extra value is not recorded`);
  return undefined;
}

/** Values that no definition describes are gauges, except durations. */
export function kindOf(name: string): MetricKind {
  return findMetric(name)?.kind ?? (name.endsWith('_duration_ms') ? 'histogram' : 'gauge');
}
