import type { v1, v2 } from '@datadog/datadog-api-client';
import { type CataloguedMetric, catalogue, type MetricName } from '../catalogue/index.ts';

/** What Datadog is told of a metric, beside its points. */
export interface MetricSettings {
  readonly name: MetricName;
  readonly metadata: v1.MetricMetadata;
  /** Of a histogram: what switches percentiles on. */
  readonly tagConfiguration?: v2.MetricTagConfigurationCreateData;
}

/** Datadog's names of the catalogue's units. It has none for the others: their metrics go without. */
const units: Readonly<Partial<Record<CataloguedMetric['unit'], string>>> = {
  '{ms}': 'millisecond',
  '{s}': 'second',
  '{percent}': 'percent',
  '{fraction}': 'fraction',
  '1': 'fraction',
  '{GiB}': 'gibibyte',
  '{byte}': 'byte',
  By: 'byte',
  '{request}': 'request',
  Cel: 'degree celsius',
  W: 'watt',
};

export function metricSettings(): MetricSettings[] {
  return catalogue.map((metric) => ({
    name: metric.name,
    metadata: metadataOf(metric),
    ...(metric.kind === 'histogram' && { tagConfiguration: percentilesOf(metric.name) }),
  }));
}

function metadataOf({ name, unit, description }: CataloguedMetric): v1.MetricMetadata {
  const datadogUnit = units[unit];
  return {
    description,
    // Without the namespace, in words: `training grad norm`.
    shortName: name.replace(/^[^.]+\./, '').replace(/[._]/g, ' '),
    ...(datadogUnit !== undefined && { unit: datadogUnit }),
  };
}

/** No tag is excluded, so that each can be asked for as before. */
function percentilesOf(name: MetricName): v2.MetricTagConfigurationCreateData {
  return {
    id: name,
    type: 'manage_tags',
    attributes: { metricType: 'distribution', includePercentiles: true, excludeTagsMode: true, tags: [] },
  };
}
