import { context, logs, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, ConsoleLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  ConsoleMetricExporter,
  type IMetricReader,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, ConsoleSpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { type BatchExporter, DeliveryHealth, watch } from '../delivery/health.ts';
import { createLogExporter, createMetricExporter, createSpanExporter, type OtlpOptions } from '../delivery/otlp.ts';
import { createPrometheusReader } from '../delivery/prometheus.ts';
import { isRegistered } from '../otel/api-globals.ts';
import { log } from '../otel/diagnostics.ts';
import { histogramAggregations } from '../otel/views.ts';
import { type Config, type Environment, isOtlpOptionSet, otlpEndpoint, type SignalKind } from './config.ts';
import { createResource } from './resource.ts';
import { createSampler } from './sampler.ts';

/** A provider as far as its life goes. */
interface Provider {
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Readers, processors and exporters behind the global providers, each signal where the host has not brought its own. */
export class Pipeline {
  readonly #config: Config;
  readonly #environment: Environment;
  readonly #resource: Resource;
  readonly #health = new DeliveryHealth(log);
  readonly #providers: Provider[] = [];

  constructor(config: Config, environment: Environment) {
    this.#config = config;
    this.#environment = environment;
    this.#resource = createResource(config);
  }

  /** Registers the providers. What the host registered before stays in place, and gets the package's instruments. */
  register(): void {
    const { metricsExporters, tracesExporters, logsExporters } = this.#config;
    if (metricsExporters.length > 0 && !isRegistered('metrics')) this.#registerMetrics();
    if (tracesExporters.length > 0 && !isRegistered('trace')) this.#registerTraces();
    if (logsExporters.length > 0 && !isRegistered('logs')) this.#registerLogs();
  }

  /** Sends what has been recorded so far. */
  async forceFlush(): Promise<void> {
    await Promise.allSettled(this.#providers.map((provider) => provider.forceFlush()));
  }

  async shutdown(): Promise<void> {
    await Promise.allSettled(this.#providers.map((provider) => provider.shutdown()));
  }

  #registerMetrics(): void {
    const provider = new MeterProvider({
      resource: this.#resource,
      readers: this.#config.metricsExporters.map((exporter) => this.#createReader(exporter)),
    });
    metrics.setGlobalMeterProvider(provider);
    this.#providers.push(provider);
  }

  #createReader(exporter: Config['metricsExporters'][number]): IMetricReader {
    if (exporter === 'prometheus') {
      const { prometheusHost: host, prometheusPort: port } = this.#config;
      return createPrometheusReader({ host, port, log });
    }
    const { exportIntervalMillis, exportTimeoutMillis } = this.#config;
    return new PeriodicExportingMetricReader({
      exporter: exporter === 'console' ? new ConsoleMetricExporter() : this.#createOtlpMetricExporter(),
      exportIntervalMillis,
      exportTimeoutMillis: Math.min(exportTimeoutMillis, exportIntervalMillis),
    });
  }

  #createOtlpMetricExporter(): PushMetricExporter {
    const isExponential = this.#config.histograms === 'base2_exponential_bucket_histogram';
    return this.#watched(
      createMetricExporter({
        ...this.#otlpOptions('metrics'),
        temporality: isOtlpOptionSet('TEMPORALITY_PREFERENCE', 'metrics', this.#environment) ? undefined : 'delta',
        histograms: isExponential ? histogramAggregations.exponential : undefined,
      }),
      'metrics',
    );
  }

  #registerTraces(): void {
    if (!isRegistered('context')) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    if (!isRegistered('propagation')) {
      propagation.setGlobalPropagator(
        new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
      );
    }
    const spanProcessors = this.#config.tracesExporters.map((exporter) => {
      if (exporter === 'console') return new BatchSpanProcessor({ exporter: new ConsoleSpanExporter() });
      return new BatchSpanProcessor({
        exporter: this.#watched(createSpanExporter(this.#otlpOptions('traces')), 'traces'),
      });
    });
    const provider = new TracerProvider({
      resource: this.#resource,
      sampler: createSampler(this.#config),
      spanProcessors,
    });
    trace.setGlobalTracerProvider(provider);
    this.#providers.push(provider);
  }

  #registerLogs(): void {
    const processors = this.#config.logsExporters.map((exporter) => {
      if (exporter === 'console') return new BatchLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() });
      return new BatchLogRecordProcessor({
        exporter: this.#watched(createLogExporter(this.#otlpOptions('logs')), 'logs'),
      });
    });
    const provider = new LoggerProvider({ resource: this.#resource, processors });
    logs.setGlobalLoggerProvider(provider);
    this.#providers.push(provider);
  }

  #otlpOptions(signal: SignalKind): OtlpOptions {
    return {
      protocol: this.#config[`${signal}Protocol`],
      compression: isOtlpOptionSet('COMPRESSION', signal, this.#environment) ? undefined : 'gzip',
    };
  }

  #watched<Batch, E extends BatchExporter<Batch>>(exporter: E & BatchExporter<Batch>, signal: SignalKind): E {
    return watch<Batch, E>(exporter, signal, otlpEndpoint(signal, this.#environment), this.#health);
  }
}
