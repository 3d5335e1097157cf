import { context, type LoggerProvider, type MeterProvider, propagation, type TracerProvider } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  BatchLogRecordProcessor,
  ConsoleLogRecordExporter,
  type LogRecordProcessor,
  LoggerProvider as SdkLoggerProvider,
} from '@opentelemetry/sdk-logs';
import {
  ConsoleMetricExporter,
  type IMetricReader,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  MeterProvider as SdkMeterProvider,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, ConsoleSpanExporter, TracerProvider as SdkTracerProvider } from '@opentelemetry/sdk-trace';
import { BoundMetricProducer } from '../bound-meter/producer.ts';
import type { BoundMeterProvider } from '../bound-meter/provider.ts';
import { createPrometheusReader } from '../delivery/prometheus.ts';
import { isRegistered } from '../otel/api-globals.ts';
import { log } from '../otel/diagnostics.ts';
import { BoundExport } from './bound-export.ts';
import type { Config, Environment } from './config.ts';
import { Delivery } from './delivery.ts';
import { createResource } from './resource.ts';
import { createSampler } from './sampler.ts';
import { observeDelivery, observeSeries } from './self-metrics.ts';

/** Of spans, and of log records: more than end in one turn of the event loop. Past it the official SDK drops them. */
const MAX_WAITING = 16_384;

const propagators = { tracecontext: W3CTraceContextPropagator, baggage: W3CBaggagePropagator };

/** How late a point may be in the spool. */
const SPOOL_INTERVAL_MILLIS = 1_000;

/**
 * The official SDK behind the providers that are registered at the start: readers, processors, exporters. This module
 * and what it imports cost most of the package's loading time, so it is loaded when first needed.
 */
export class Pipeline {
  readonly meterProvider: MeterProvider;
  readonly tracerProvider: TracerProvider;
  readonly loggerProvider: LoggerProvider;
  readonly delivery: Delivery;
  readonly #config: Config;
  readonly #resource: Resource;
  readonly #providers: readonly (SdkMeterProvider | SdkTracerProvider | SdkLoggerProvider)[];
  readonly #producers: BoundMetricProducer[] = [];
  /** The bound meter's way out by OTLP. */
  readonly #boundExports: BoundExport[] = [];
  /** `undefined` without a spool, and after the shutdown. */
  #spooling: NodeJS.Timeout | undefined;
  #hasGivenUp = false;

  /** @param bound what its readers, one for each metrics exporter in the order of the configuration, hand over. */
  constructor(config: Config, environment: Environment, bound: BoundMeterProvider) {
    this.#config = config;
    this.#resource = createResource(config);
    this.delivery = new Delivery(config, environment);
    const meterProvider = this.#createMeterProvider(bound);
    const tracerProvider = this.#createTracerProvider();
    const loggerProvider = this.#createLoggerProvider();
    observeSeries(meterProvider, bound);
    if (this.delivery.isUsed) observeDelivery(meterProvider, this.delivery);
    this.#providers = [meterProvider, tracerProvider, loggerProvider];
    this.meterProvider = meterProvider;
    this.tracerProvider = tracerProvider;
    this.loggerProvider = loggerProvider;
    if (config.spoolFolder !== undefined) this.#spoolEverySecond();
  }

  /** Whether something waits that no flush at the end has tried in vain, such as what was exported after the last one. */
  get mayStillSend(): boolean {
    return !this.#hasGivenUp && this.delivery.queue.length > 0;
  }

  /** Hands what is due to the queue. */
  async export(): Promise<void> {
    await Promise.allSettled(this.#providers.map((provider) => provider.forceFlush()));
  }

  /**
   * Sends what has been recorded so far, the second that is not over included.
   * @param deadline until when, in the time of `performance.now()`.
   */
  async forceFlush(deadline: number): Promise<void> {
    this.#setOpenSecond(true);
    await this.export();
    this.#setOpenSecond(false);
    await this.delivery.flush(deadline);
  }

  /** The same at the natural end of the process: what it could not send, `end` will not try again. */
  async settle(deadline: number): Promise<void> {
    await this.forceFlush(deadline);
    this.#hasGivenUp = this.delivery.queue.length > 0;
  }

  async shutdown(deadline: number): Promise<void> {
    clearTimeout(this.#spooling);
    this.#spooling = undefined;
    this.#setOpenSecond(true);
    await Promise.allSettled(this.#providers.map((provider) => provider.shutdown()));
    await this.delivery.flush(deadline);
    this.close();
  }

  /** Leaves what has not been sent to the spool or to a child process, all at once: there is no later. */
  end(): void {
    this.#exportNow();
    if (!this.#hasGivenUp) this.delivery.handOver();
    this.delivery.queue.end();
  }

  /** Lets go of what could not be sent. */
  close(): void {
    this.delivery.queue.close();
  }

  #exportNow(): void {
    this.#setOpenSecond(true);
    for (const boundExport of this.#boundExports) boundExport.exportNow();
    // Both hand on what they hold before they first wait for something.
    for (const provider of [this.#providers[1], this.#providers[2]]) void provider?.forceFlush().catch(() => {});
  }

  /** Shortly after each full second, when no gauge's second is open: what waits would be as late as it is long. */
  #spoolEverySecond(): void {
    const millis = SPOOL_INTERVAL_MILLIS - (Date.now() % SPOOL_INTERVAL_MILLIS) + 5;
    this.#spooling = setTimeout(() => {
      void this.export().finally(() => {
        if (this.#spooling !== undefined) this.#spoolEverySecond();
      });
    }, millis).unref();
  }

  #setOpenSecond(isIncluded: boolean): void {
    for (const producer of this.#producers) producer.includesOpenSecond = isIncluded;
  }

  #createMeterProvider(bound: BoundMeterProvider): SdkMeterProvider {
    const readers = this.#config.metricsExporters.map((exporter, index) => {
      const producer = new BoundMetricProducer(bound, index);
      this.#producers.push(producer);
      return this.#createReader(exporter, producer);
    });
    return new SdkMeterProvider({ resource: this.#resource, readers });
  }

  #createReader(name: Config['metricsExporters'][number], producer: BoundMetricProducer): IMetricReader {
    switch (name) {
      case 'prometheus': {
        const { prometheusHost: host, prometheusPort: port } = this.#config;
        return createPrometheusReader({ host, port, metricProducers: [producer], log });
      }
      case 'console':
        return this.#createPeriodicReader(new ConsoleMetricExporter(), producer);
      case 'otlp': {
        const boundExport = new BoundExport(producer, this.delivery.createMetricExporter(), this.#resource);
        this.#boundExports.push(boundExport);
        return this.#createPeriodicReader(boundExport.exporter, boundExport);
      }
    }
  }

  #createPeriodicReader(exporter: PushMetricExporter, producer: MetricProducer): IMetricReader {
    const { exportIntervalMillis, exportTimeoutMillis } = this.#config;
    return new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis,
      exportTimeoutMillis: Math.min(exportTimeoutMillis, exportIntervalMillis),
      metricProducers: [producer],
    });
  }

  #createTracerProvider(): SdkTracerProvider {
    if (!isRegistered('context')) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    if (!isRegistered('propagation')) {
      propagation.setGlobalPropagator(
        new CompositePropagator({ propagators: this.#config.propagators.map((name) => new propagators[name]()) }),
      );
    }
    const spanProcessors = this.#config.tracesExporters.map(
      (exporter) =>
        new BatchSpanProcessor({
          exporter: exporter === 'console' ? new ConsoleSpanExporter() : this.delivery.createSpanExporter(),
          maxQueueSize: MAX_WAITING,
        }),
    );
    return new SdkTracerProvider({ resource: this.#resource, sampler: createSampler(this.#config), spanProcessors });
  }

  #createLoggerProvider(): SdkLoggerProvider {
    const processors: LogRecordProcessor[] = this.#config.logsExporters.map(
      (exporter) =>
        new BatchLogRecordProcessor({
          exporter: exporter === 'console' ? new ConsoleLogRecordExporter() : this.delivery.createLogExporter(),
          maxQueueSize: MAX_WAITING,
        }),
    );
    const events = this.delivery.createEventProcessor();
    if (events !== undefined) processors.push(events);
    return new SdkLoggerProvider({ resource: this.#resource, processors });
  }
}
