import { context, type LoggerProvider, type MeterProvider, propagation, type TracerProvider } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  BatchLogRecordProcessor,
  ConsoleLogRecordExporter,
  type LogRecordExporter,
  LoggerProvider as SdkLoggerProvider,
} from '@opentelemetry/sdk-logs';
import {
  ConsoleMetricExporter,
  type IMetricReader,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  MeterProvider as SdkMeterProvider,
} from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  TracerProvider as SdkTracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { BoundMetricProducer } from '../bound-meter/producer.ts';
import type { BoundMeterProvider } from '../bound-meter/provider.ts';
import { type BatchExporter, DeliveryHealth, watch } from '../delivery/health.ts';
import { createLogExporter, createMetricExporter, createSpanExporter, type OtlpOptions } from '../delivery/otlp.ts';
import { createPrometheusReader } from '../delivery/prometheus.ts';
import { isRegistered } from '../otel/api-globals.ts';
import { log } from '../otel/diagnostics.ts';
import { EXPONENTIAL_MAX_BUCKETS } from '../otel/histogram-bounds.ts';
import { type Config, type Environment, isOtlpOptionSet, otlpEndpoint, type SignalKind } from './config.ts';
import { createResource } from './resource.ts';
import { createSampler } from './sampler.ts';
import { observeLosses } from './self-metrics.ts';

/** Below the deadline of a shutdown, so that a dead Collector's retries do not outlive it. */
const EXPORT_TIMEOUT_MILLIS = 4_000;

/**
 * The official SDK behind the providers that are registered at the start: readers, processors, exporters. This module
 * and what it imports cost most of the package's loading time, so it is loaded when first needed.
 */
export class Pipeline {
  readonly meterProvider: MeterProvider;
  readonly tracerProvider: TracerProvider;
  readonly loggerProvider: LoggerProvider;
  readonly #config: Config;
  readonly #environment: Environment;
  readonly #health = new DeliveryHealth(log);
  readonly #providers: readonly (SdkMeterProvider | SdkTracerProvider | SdkLoggerProvider)[];
  readonly #producers: readonly BoundMetricProducer[];

  /** @param bound what its readers, one for each metrics exporter in the order of the configuration, hand over. */
  constructor(config: Config, environment: Environment, bound: BoundMeterProvider) {
    this.#config = config;
    this.#environment = environment;
    const resource = createResource(config);
    this.#producers = bound.readers.map((_, reader) => new BoundMetricProducer(bound, reader));
    const meterProvider = this.#createMeterProvider(resource);
    const tracerProvider = this.#createTracerProvider(resource);
    const loggerProvider = this.#createLoggerProvider(resource);
    observeLosses(meterProvider, bound.losses);
    this.#providers = [meterProvider, tracerProvider, loggerProvider];
    this.meterProvider = meterProvider;
    this.tracerProvider = tracerProvider;
    this.loggerProvider = loggerProvider;
  }

  /** Sends what is due. */
  async export(): Promise<void> {
    await Promise.allSettled(this.#providers.map((provider) => provider.forceFlush()));
  }

  /** Sends what has been recorded so far, the second that is not over included. */
  async forceFlush(): Promise<void> {
    this.#setOpenSecond(true);
    await this.export();
    this.#setOpenSecond(false);
  }

  async shutdown(): Promise<void> {
    this.#setOpenSecond(true);
    await Promise.allSettled(this.#providers.map((provider) => provider.shutdown()));
  }

  #setOpenSecond(isIncluded: boolean): void {
    for (const producer of this.#producers) producer.includesOpenSecond = isIncluded;
  }

  #createMeterProvider(resource: Resource): SdkMeterProvider {
    const readers = this.#config.metricsExporters.map((exporter, index) =>
      this.#createReader(exporter, this.#producers.slice(index, index + 1)),
    );
    return new SdkMeterProvider({ resource, readers });
  }

  #createReader(exporter: Config['metricsExporters'][number], metricProducers: BoundMetricProducer[]): IMetricReader {
    if (exporter === 'prometheus') {
      const { prometheusHost: host, prometheusPort: port } = this.#config;
      return createPrometheusReader({ host, port, metricProducers, log });
    }
    const { exportIntervalMillis, exportTimeoutMillis } = this.#config;
    return new PeriodicExportingMetricReader({
      exporter: exporter === 'console' ? new ConsoleMetricExporter() : this.#createOtlpMetricExporter(),
      exportIntervalMillis,
      exportTimeoutMillis: Math.min(exportTimeoutMillis, exportIntervalMillis),
      metricProducers,
    });
  }

  #createOtlpMetricExporter(): PushMetricExporter {
    const { temporality, histograms } = this.#config;
    return this.#watched(
      createMetricExporter({
        ...this.#otlpOptions('metrics'),
        temporality,
        exponentialMaxBuckets:
          histograms === 'base2_exponential_bucket_histogram' ? EXPONENTIAL_MAX_BUCKETS : undefined,
      }),
      'metrics',
    );
  }

  #createTracerProvider(resource: Resource): SdkTracerProvider {
    if (!isRegistered('context')) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    if (!isRegistered('propagation')) {
      propagation.setGlobalPropagator(
        new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
      );
    }
    const spanProcessors = this.#config.tracesExporters.map(
      (exporter) => new BatchSpanProcessor({ exporter: this.#createSpanExporter(exporter) }),
    );
    return new SdkTracerProvider({ resource, sampler: createSampler(this.#config), spanProcessors });
  }

  #createSpanExporter(exporter: Config['tracesExporters'][number]): SpanExporter {
    if (exporter === 'console') return new ConsoleSpanExporter();
    return this.#watched(createSpanExporter(this.#otlpOptions('traces')), 'traces');
  }

  #createLoggerProvider(resource: Resource): SdkLoggerProvider {
    const processors = this.#config.logsExporters.map(
      (exporter) => new BatchLogRecordProcessor({ exporter: this.#createLogExporter(exporter) }),
    );
    return new SdkLoggerProvider({ resource, processors });
  }

  #createLogExporter(exporter: Config['logsExporters'][number]): LogRecordExporter {
    if (exporter === 'console') return new ConsoleLogRecordExporter();
    return this.#watched(createLogExporter(this.#otlpOptions('logs')), 'logs');
  }

  #otlpOptions(signal: SignalKind): OtlpOptions {
    const isSet = (option: string) => isOtlpOptionSet(option, signal, this.#environment);
    return {
      protocol: this.#config[`${signal}Protocol`],
      compression: isSet('COMPRESSION') ? undefined : 'gzip',
      timeoutMillis: isSet('TIMEOUT') ? undefined : EXPORT_TIMEOUT_MILLIS,
    };
  }

  #watched<Batch, E extends BatchExporter<Batch>>(exporter: E & BatchExporter<Batch>, signal: SignalKind): E {
    return watch<Batch, E>(exporter, signal, otlpEndpoint(signal, this.#environment), this.#health);
  }
}
