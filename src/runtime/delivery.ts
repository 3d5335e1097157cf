import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { createDestinations, type DestinationOptions } from '../delivery/destinations.ts';
import { handOver, surroundings } from '../delivery/handover.ts';
import { createLogExporter, createMetricExporter, createSpanExporter, type OtlpOptions } from '../delivery/otlp.ts';
import { DeliveryQueue } from '../delivery/queue.ts';
import { DELIVERIES, type DeliveryKind, SIGNALS, type SignalKind } from '../delivery/request.ts';
import { describeFault, Spool } from '../delivery/spool.ts';
import { DeliveryStatus } from '../delivery/status.ts';
import { log } from '../otel/diagnostics.ts';
import { EXPONENTIAL_MAX_BUCKETS } from '../otel/histogram-bounds.ts';
import { VERSION } from '../otel/version.ts';
import { type Config, datadogAccount, type Environment, isDirect, isOtlpOptionSet } from './config.ts';
import { DatadogEventProcessor } from './datadog-events.ts';

const MAX_BACKOFF_MILLIS = 30_000;
const MIN_BACKOFF_MILLIS = 1_000;

/** The way out: one queue for all that is delivered, and what feeds it. */
export class Delivery {
  readonly status = new DeliveryStatus(log);
  readonly queue: DeliveryQueue;
  readonly #config: Config;
  readonly #surroundings = surroundings();
  readonly #destinations: Partial<Readonly<Record<DeliveryKind, DestinationOptions>>>;
  /** Whether OTLP goes to Datadog without a Collector between. */
  readonly #isDirect: boolean;

  constructor(config: Config, environment: Environment) {
    this.#config = config;
    this.#isDirect = isDirect(config, environment);
    const account = datadogAccount(config);
    const userAgent = `signal-otel/${VERSION}`;
    const destinations: Partial<Record<DeliveryKind, DestinationOptions>> = {};
    if (account !== undefined) {
      destinations.events = { userAgent, datadog: account };
      destinations.checks = { userAgent, datadog: account };
    }
    for (const signal of SIGNALS) {
      if (!config[`${signal}Exporters`].some((exporter) => exporter === 'otlp')) continue;
      const compression = isOtlpOptionSet('COMPRESSION', signal, environment) ? undefined : 'gzip';
      destinations[signal] = { userAgent, compression, datadog: this.#isDirect ? account : undefined };
    }
    this.#destinations = destinations;
    this.queue = new DeliveryQueue({
      destinations: createDestinations(destinations),
      maxBytes: config.queueMaxBytes,
      // What is new comes once an interval; a receiver that is back need not wait much longer.
      maxBackoffMillis: Math.min(MAX_BACKOFF_MILLIS, Math.max(MIN_BACKOFF_MILLIS, config.exportIntervalMillis)),
      spool: this.isUsed && config.spoolFolder !== undefined ? new Spool(config.spoolFolder, log) : undefined,
      status: this.status,
      log,
    });
  }

  /** Whether anything is delivered: what a Prometheus asks for, or the console shows, is not. */
  get isUsed(): boolean {
    return Object.keys(this.#destinations).length > 0;
  }

  createMetricExporter(): PushMetricExporter {
    const { temporality, histograms } = this.#config;
    return createMetricExporter({
      ...this.#options('metrics'),
      temporality,
      isDeltaOnly: this.#isDirect,
      exponentialMaxBuckets: histograms === 'base2_exponential_bucket_histogram' ? EXPONENTIAL_MAX_BUCKETS : undefined,
    });
  }

  createSpanExporter(): SpanExporter {
    return createSpanExporter(this.#options('traces'));
  }

  createLogExporter(): LogRecordExporter {
    return createLogExporter(this.#options('logs'));
  }

  /** Brings events to Datadog's own endpoints; `undefined` where there is no key. */
  createEventProcessor(): DatadogEventProcessor | undefined {
    return this.#destinations.events && new DatadogEventProcessor(this.queue);
  }

  /** Sends what waits, until the deadline in the time of `performance.now()`. */
  async flush(deadline: number): Promise<void> {
    await this.queue.flush(Math.max(0, deadline - performance.now()));
  }

  /** Leaves what would be lost with this process to a short-lived child, and waits for that. */
  handOver(): void {
    const { shutdownTimeoutMillis: timeoutMillis } = this.#config;
    const requests = timeoutMillis > 0 ? this.queue.takeVolatile() : [];
    if (requests.length === 0) return;
    try {
      const handover = { requests, destinations: this.#destinations, timeoutMillis };
      const undelivered = handOver(handover, this.#surroundings);
      for (const kind of DELIVERIES) this.status.notSent(kind, undelivered[kind] ?? 0);
    } catch (error) {
      log.debug(`no child process delivered what was left: ${describeFault(error)}`);
      // Back to where it counts as lost.
      for (const request of requests) void this.queue.add(request);
    }
  }

  #options(signal: SignalKind): OtlpOptions {
    return { queue: this.queue, status: this.status, protocol: this.#config[`${signal}Protocol`] };
  }
}
