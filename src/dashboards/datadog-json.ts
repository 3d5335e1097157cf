import type { v1, v2 } from '@datadog/datadog-api-client';
import { trainingDashboard } from './datadog-dashboard.ts';
import { metricSettings } from './datadog-metrics.ts';
import { healthMonitors } from './datadog-monitors.ts';

/** Datadog's official client, which is loaded by whoever has something to do with Datadog. */
export type DatadogClient = typeof import('@datadog/datadog-api-client');

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** The models whose JSON is compared, by the names that the client gives them. */
interface ModelsOfV1 {
  Dashboard: v1.Dashboard;
  Monitor: v1.Monitor;
  MetricMetadata: v1.MetricMetadata;
}

/** A model as the API writes it. */
export function toJson<Name extends keyof ModelsOfV1>(
  { v1 }: DatadogClient,
  name: Name,
  model: ModelsOfV1[Name],
): JsonObject {
  return v1.ObjectSerializer.serialize(model, name, '');
}

function tagConfigurationJson({ v2 }: DatadogClient, data: v2.MetricTagConfigurationCreateData): JsonObject {
  return v2.ObjectSerializer.serialize({ data }, 'MetricTagConfigurationCreateRequest', '');
}

/** The files of `signal-otel datadog export`, by name: bodies of requests to the API, each as it is sent. */
export function datadogFiles(datadog: DatadogClient): Readonly<Record<string, string>> {
  const metrics = metricSettings().map(({ name, metadata, tagConfiguration }) => ({
    metric: name,
    metadata: toJson(datadog, 'MetricMetadata', metadata),
    ...(tagConfiguration && { tag_configuration: tagConfigurationJson(datadog, tagConfiguration) }),
  }));
  return {
    'datadog-dashboard.json': print(toJson(datadog, 'Dashboard', trainingDashboard())),
    'datadog-monitors.json': print(healthMonitors().map(({ monitor }) => toJson(datadog, 'Monitor', monitor))),
    'datadog-metrics.json': print(metrics),
  };
}

function print(json: Json): string {
  return `${JSON.stringify(json, undefined, 2)}\n`;
}
