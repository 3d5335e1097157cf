import { v1, v2 } from '@datadog/datadog-api-client';
import { type MetricType, type Route, type State, there } from './datadog-api-state.ts';
import { checkMetadata, Refusal, readModel } from './datadog-checks.ts';

/** Metadata and tag configurations of metrics. */
export function metricRoutes({ metrics, metadata, tagConfigurations }: State): Route[] {
  const metadataPath = /^\/api\/v1\/metrics\/([^/]+)$/;
  const tagsPath = /^\/api\/v2\/metrics\/([^/]+)\/tags$/;
  function typeOf(metric: string): MetricType {
    return there(metrics.get(metric), 'metric_name not found');
  }
  function showMetadata(metric: string): unknown {
    const known = v1.ObjectSerializer.serialize(metadata.get(metric) ?? {}, 'MetricMetadata', '');
    const unset = { description: null, short_name: null, unit: null, per_unit: null, integration: null };
    return { type: typeOf(metric), ...unset, ...known };
  }
  function showTags(metric: string): unknown {
    const attributes = there(tagConfigurations.get(metric), `${metric} has no tag configuration`);
    return {
      data: {
        type: 'manage_tags',
        id: metric,
        attributes: v2.ObjectSerializer.serialize(attributes, 'MetricTagConfigurationAttributes', ''),
      },
    };
  }
  function checkTags(metric: string, id: string, includePercentiles: boolean | undefined): void {
    if (id !== metric) throw new Refusal(400, `the body is about ${id}`);
    if (includePercentiles !== undefined && typeOf(metric) !== 'distribution') {
      throw new Refusal(400, 'include_percentiles is for distributions');
    }
  }
  return [
    {
      method: 'GET',
      path: /^\/api\/v1\/metrics$/,
      permission: 'metrics_read',
      respond: ({ query }) => {
        const from = query.get('from');
        if (from === null) throw new Refusal(400, 'from is missing');
        return { from, metrics: [...metrics.keys()] };
      },
    },
    {
      method: 'GET',
      path: metadataPath,
      permission: 'metrics_read',
      respond: ({ parameter }) => showMetadata(parameter),
    },
    {
      method: 'PUT',
      path: metadataPath,
      permission: 'metrics_metadata_write',
      respond: ({ parameter, body }) => {
        typeOf(parameter);
        const change = readModel('MetricMetadata', body);
        checkMetadata(change);
        const set = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
        metadata.set(parameter, { ...metadata.get(parameter), ...set });
        return showMetadata(parameter);
      },
    },
    { method: 'GET', path: tagsPath, permission: 'metrics_read', respond: ({ parameter }) => showTags(parameter) },
    {
      method: 'POST',
      path: tagsPath,
      permission: 'metric_tags_write',
      status: 201,
      respond: ({ parameter, body }) => {
        const type = typeOf(parameter);
        const { id, attributes } = readModel('MetricTagConfigurationCreateRequest', body).data;
        if (attributes === undefined) throw new Refusal(400, 'attributes are missing');
        checkTags(parameter, id, attributes.includePercentiles);
        if (attributes.metricType !== type) throw new Refusal(400, `${parameter} is a ${type}`);
        if (tagConfigurations.has(parameter)) throw new Refusal(409, 'a tag configuration exists already');
        tagConfigurations.set(parameter, attributes);
        return showTags(parameter);
      },
    },
    {
      method: 'PATCH',
      path: tagsPath,
      permission: 'metric_tags_write',
      respond: ({ parameter, body }) => {
        const current = there(tagConfigurations.get(parameter), `${parameter} has no tag configuration`);
        const { id, attributes } = readModel('MetricTagConfigurationUpdateRequest', body).data;
        checkTags(parameter, id, attributes?.includePercentiles);
        const set = Object.entries(attributes ?? {}).filter(([, value]) => value !== undefined);
        tagConfigurations.set(parameter, { ...current, ...Object.fromEntries(set) });
        return showTags(parameter);
      },
    },
  ];
}
