import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter,
  OTLPMetricExporterBase,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { MetricsExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { AggregationType, InstrumentType } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { metricsSerializer } from './metrics-serializer.ts';

/** What the package decides for an OTLP exporter. Endpoint, headers, TLS: the exporter's own variables. */
export interface OtlpOptions {
  readonly protocol: 'http/protobuf' | 'http/json';
  /** `undefined` leaves it to the exporter's own variables. */
  readonly compression: 'gzip' | undefined;
  /** How long one export may take, its retries included; `undefined` leaves it to the exporter's own variables. */
  readonly timeoutMillis: number | undefined;
}

export interface OtlpMetricsOptions extends OtlpOptions {
  readonly temporality: 'delta' | 'cumulative' | 'lowmemory';
  /** Histograms of other meters are exponential, of at most so many buckets; `undefined` for their own bounds. */
  readonly exponentialMaxBuckets: number | undefined;
}

const temporalities = {
  delta: AggregationTemporalityPreference.DELTA,
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  lowmemory: AggregationTemporalityPreference.LOWMEMORY,
} as const;

export function createMetricExporter(options: OtlpMetricsOptions): PushMetricExporter {
  const { temporality, exponentialMaxBuckets } = options;
  const config: ConstructorParameters<typeof OTLPMetricExporter>[0] = {
    ...transport(options),
    temporalityPreference: temporalities[temporality],
    aggregationPreference: (instrument) =>
      instrument === InstrumentType.HISTOGRAM && exponentialMaxBuckets !== undefined
        ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: exponentialMaxBuckets } }
        : { type: AggregationType.DEFAULT },
  };
  if (options.protocol === 'http/json') return new OTLPMetricExporter(config);
  // The official protobuf exporter, with the package's serializer in the place of the official one.
  const delegate = createOtlpHttpExportDelegate(
    convertLegacyHttpOptions(config, 'METRICS', 'v1/metrics', { 'Content-Type': 'application/x-protobuf' }),
    metricsSerializer,
    'otlp_http_metric_exporter',
    MetricsExporterMetricsHelper,
    undefined,
  );
  return new OTLPMetricExporterBase(delegate, config);
}

export function createSpanExporter(options: OtlpOptions): SpanExporter {
  const Exporter = options.protocol === 'http/json' ? JsonTraceExporter : ProtobufTraceExporter;
  return new Exporter(transport(options));
}

export function createLogExporter(options: OtlpOptions): LogRecordExporter {
  const Exporter = options.protocol === 'http/json' ? JsonLogExporter : ProtobufLogExporter;
  return new Exporter(transport(options));
}

function transport({ compression, timeoutMillis }: OtlpOptions) {
  return {
    ...(compression !== undefined && { compression: CompressionAlgorithm.GZIP }),
    ...(timeoutMillis !== undefined && { timeoutMillis }),
  };
}
