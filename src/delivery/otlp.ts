import type { ExportResult } from '@opentelemetry/core';
import { ExportResultCode } from '@opentelemetry/core';
import { AggregationTemporalityPreference, OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http';
import { type IOtlpExportDelegate, OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  type ISerializer,
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  InstrumentType,
  type MetricData,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { chunksOf } from './chunks.ts';
import { metricsSerializer } from './metrics-serializer.ts';
import type { DeliveryQueue } from './queue.ts';
import type { SignalKind } from './request.ts';
import type { DeliveryStatus } from './status.ts';

/** What exporters hand their requests to, and in which form. */
export interface OtlpOptions {
  readonly queue: Pick<DeliveryQueue, 'add'>;
  readonly status: DeliveryStatus;
  readonly protocol: 'http/protobuf' | 'http/json';
}

export interface OtlpMetricsOptions extends OtlpOptions {
  readonly temporality: 'delta' | 'cumulative' | 'lowmemory';
  /** Whether the receiver takes no cumulative sums: levels become gauges, as Datadog shows them in any case. */
  readonly isDeltaOnly?: boolean | undefined;
  /** Histograms of other meters are exponential, of at most so many buckets; `undefined` for their own bounds. */
  readonly exponentialMaxBuckets: number | undefined;
}

/**
 * Of one request. With the largest histograms it stays below the 20 MiB that the Collector takes; what is larger it
 * refuses by 400, for ever.
 */
const MAX_POINTS = 10_000;

const temporalities = {
  delta: AggregationTemporalityPreference.DELTA,
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  lowmemory: AggregationTemporalityPreference.LOWMEMORY,
} as const;

export function createMetricExporter(options: OtlpMetricsOptions): PushMetricExporter {
  const { temporality, exponentialMaxBuckets, isDeltaOnly = false } = options;
  const delegate = new QueueDelegate<ResourceMetrics>({
    ...options,
    signal: 'metrics',
    requestsOf: (metrics) => chunksOf(isDeltaOnly ? withoutCumulativeSums(metrics) : metrics, MAX_POINTS),
    serializer: options.protocol === 'http/json' ? JsonMetricsSerializer : metricsSerializer,
    countPoints: ({ scopeMetrics }) =>
      sum(scopeMetrics, ({ metrics }) => sum(metrics, ({ dataPoints }) => dataPoints.length)),
  });
  return new OTLPMetricExporterBase(delegate, {
    temporalityPreference: temporalities[temporality],
    aggregationPreference: (instrument) =>
      instrument === InstrumentType.HISTOGRAM && exponentialMaxBuckets !== undefined
        ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: exponentialMaxBuckets } }
        : { type: AggregationType.DEFAULT },
  });
}

export function createSpanExporter(options: OtlpOptions): SpanExporter {
  return new OTLPExporterBase(
    new QueueDelegate<ReadableSpan[]>({
      ...options,
      signal: 'traces',
      requestsOf: (spans) => [spans],
      serializer: options.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer,
      countPoints: (spans) => spans.length,
    }),
  );
}

export function createLogExporter(options: OtlpOptions): LogRecordExporter {
  return new OTLPExporterBase(
    new QueueDelegate<ReadableLogRecord[]>({
      ...options,
      signal: 'logs',
      requestsOf: (records) => [records],
      serializer: options.protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer,
      countPoints: (records) => records.length,
    }),
  );
}

interface QueueDelegateOptions<Batch> extends OtlpOptions {
  readonly signal: SignalKind;
  readonly serializer: Pick<ISerializer<Batch, unknown>, 'serializeRequest'>;
  /** What becomes a request each. */
  readonly requestsOf: (batch: Batch) => Iterable<Batch>;
  readonly countPoints: (batch: Batch) => number;
}

/**
 * Stands in an official exporter where it would send: what is exported goes into the queue at once, before this returns,
 * since there may be no later when a process ends.
 */
class QueueDelegate<Batch> implements IOtlpExportDelegate<Batch> {
  readonly #options: QueueDelegateOptions<Batch>;
  readonly #pending = new Set<Promise<unknown>>();

  constructor(options: QueueDelegateOptions<Batch>) {
    this.#options = options;
  }

  export(batch: Batch, done: (result: ExportResult) => void): void {
    const kept = Promise.all(Array.from(this.#options.requestsOf(batch), (request) => this.#keep(request)));
    this.#pending.add(kept);
    void kept
      .then(
        () => done({ code: ExportResultCode.SUCCESS }),
        (error: Error) => done({ code: ExportResultCode.FAILED, error }),
      )
      .finally(() => this.#pending.delete(kept));
  }

  /** Everything up to the queue happens before this returns. */
  async #keep(batch: Batch): Promise<void> {
    const { queue, signal, protocol, countPoints } = this.#options;
    await queue.add({
      signal,
      contentType: protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      encoding: 'identity',
      body: this.#serialize(batch),
      points: countPoints(batch),
      createdMillis: Date.now(),
    });
  }

  #serialize(batch: Batch): Uint8Array {
    const { status, signal, serializer, countPoints } = this.#options;
    try {
      const body = serializer.serializeRequest(batch);
      if (body !== undefined) return body;
      throw new TypeError('nothing to send');
    } catch (error) {
      status.dropped(signal, 'not_serialized', countPoints(batch), 'no request could be made of them');
      throw error;
    }
  }

  /** Resolves once everything exported is kept; the queue's own flush sends it. */
  async forceFlush(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }

  shutdown(): Promise<void> {
    return this.forceFlush();
  }

  /** The queue counts, as one for all signals. */
  setMetrics(): void {}
}

/** Up-down counters are cumulative whatever temporality is preferred; a gauge says the same. */
function withoutCumulativeSums({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics {
  const asGauge = (metric: MetricData): MetricData => {
    const isLevel = metric.dataPointType === DataPointType.SUM && !metric.isMonotonic;
    if (!isLevel || metric.aggregationTemporality === AggregationTemporality.DELTA) return metric;
    const { descriptor, aggregationTemporality, dataPoints } = metric;
    return { descriptor, aggregationTemporality, dataPoints, dataPointType: DataPointType.GAUGE };
  };
  return {
    resource,
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map(asGauge) })),
  };
}

function sum<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}
