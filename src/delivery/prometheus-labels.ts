import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type DataPoint, DataPointType, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** Labels that the exporter adds itself. */
const RESERVED: ReadonlySet<string> = new Set(['le', 'otel_scope_name', 'otel_scope_version', 'otel_scope_schema_url']);

/** What was made of the attributes of a series, which stay the same object for as long as it lives. */
const remembered = new WeakMap<Attributes, Attributes>();

/**
 * Measurements as Prometheus can read them. One line that it cannot read, or that has a label twice, is the end of the
 * whole page, and of two metrics that the exporter gives one name it shows neither where their kinds differ.
 */
export function forPrometheus({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics {
  const shown = new Map<string, string>();
  return {
    resource: resourceFromAttributes(toLabels(resource.attributes, new Set())),
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics
        .filter((metric) => isFirst(shown, `${scope.name} ${familyOf(metric)}`, metric.descriptor.name))
        .map(withLabels),
    })),
  };
}

/** Whether no other metric of the scope has the same name for Prometheus. */
function isFirst(shown: Map<string, string>, family: string, name: string): boolean {
  const other = shown.get(family);
  if (other === undefined) shown.set(family, name);
  return other === undefined || other === name;
}

/** The exporter's name of a metric. */
function familyOf({ descriptor, ...metric }: MetricData): string {
  const name = descriptor.name.replace(/[^a-z0-9]+/gi, '_');
  const isCount = metric.dataPointType === DataPointType.SUM && metric.isMonotonic;
  return isCount && !name.endsWith('_total') ? `${name}_total` : name;
}

function withLabels(metric: MetricData): MetricData {
  switch (metric.dataPointType) {
    case DataPointType.HISTOGRAM:
      return { ...metric, dataPoints: relabelled(metric.dataPoints) };
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return { ...metric, dataPoints: relabelled(metric.dataPoints) };
    default:
      return { ...metric, dataPoints: relabelled(metric.dataPoints) };
  }
}

function relabelled<Value>(points: DataPoint<Value>[]): DataPoint<Value>[] {
  const labels = points.map(({ attributes }) => labelsOf(attributes));
  if (points.every(({ attributes }, at) => attributes === labels[at])) return points;
  // Of series that Prometheus cannot tell apart it gets the first.
  const seen = new Set<string>();
  return points.flatMap((point, at) => {
    const attributes = labels[at] ?? {};
    const key = JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ ...point, attributes }];
  });
}

function labelsOf(attributes: Attributes): Attributes {
  const known = remembered.get(attributes);
  if (known !== undefined) return known;
  const isFine = Object.keys(attributes).every((key) => labelOf(key, RESERVED) === key);
  const labels = isFine ? attributes : toLabels(attributes, RESERVED);
  remembered.set(attributes, labels);
  return labels;
}

/** Attributes under names that are labels, each once: of several that become the same one, the values are joined. */
function toLabels(attributes: Attributes, reserved: ReadonlySet<string>): Attributes {
  const labels: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    const name = labelOf(key, reserved);
    labels[name] = Object.hasOwn(labels, name) ? `${labels[name]};${value}` : value;
  }
  return labels;
}

function labelOf(key: string, reserved: ReadonlySet<string>): string {
  const name = key.replace(/[^a-z0-9]+/gi, '_');
  if (reserved.has(name)) return `exported_${name}`;
  return /^[a-z_]/i.test(name) ? name : `_${name}`;
}
