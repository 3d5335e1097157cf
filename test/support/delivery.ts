import type { LogRecordExporter, LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { vi } from 'vitest';
import type { Destination } from '../../src/delivery/destination.ts';
import { createDestinations } from '../../src/delivery/destinations.ts';
import { createLogExporter, createMetricExporter, createSpanExporter } from '../../src/delivery/otlp.ts';
import { DeliveryQueue } from '../../src/delivery/queue.ts';
import { SIGNALS, type SignalKind } from '../../src/delivery/request.ts';
import { Spool } from '../../src/delivery/spool.ts';
import { DeliveryStatus } from '../../src/delivery/status.ts';
import { CapturedLog } from './log.ts';
import type { OtlpRequest } from './otlp-server.ts';
import { decodeOtlpLogs, decodeOtlpMetrics, decodeOtlpSpans } from './otlp-wire.ts';
import { PullReader, TestSpans } from './telemetry.ts';

export interface DeliveryFixtureOptions {
  /** Of the exporters, as a user sets it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly protocol?: 'http/protobuf' | 'http/json';
  readonly compression?: 'gzip' | undefined;
  readonly maxBytes?: number;
  readonly maxBackoffMillis?: number;
  readonly spoolFolder?: string;
  readonly change?: (destination: Destination) => Destination;
}

/** The real exporters and queue, with points that carry numbers: what was exported, and what arrived, can be compared. */
export class DeliveryFixture implements Disposable {
  readonly log = new CapturedLog();
  readonly status = new DeliveryStatus(this.log);
  readonly queue: DeliveryQueue;
  readonly #exporters: {
    readonly metrics: PushMetricExporter;
    readonly traces: SpanExporter;
    readonly logs: LogRecordExporter;
  };
  readonly #next = { metrics: 0, traces: 0, logs: 0 };

  constructor(url: string, options: DeliveryFixtureOptions = {}) {
    const { env = {}, protocol = 'http/protobuf', maxBytes = 2 ** 26, maxBackoffMillis = 20, spoolFolder } = options;
    const { change = (destination) => destination } = options;
    const compression = 'compression' in options ? options.compression : 'gzip';
    for (const [name, value] of Object.entries({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ...env })) vi.stubEnv(name, value);
    const ofSignal = { userAgent: 'signal-otel/test', compression };
    const destinations = createDestinations({ metrics: ofSignal, traces: ofSignal, logs: ofSignal });
    vi.unstubAllEnvs();
    for (const signal of SIGNALS) {
      const destination = destinations[signal];
      if (destination !== undefined) destinations[signal] = change(destination);
    }
    const { status, log } = this;
    const spool = spoolFolder === undefined ? undefined : new Spool(spoolFolder, log);
    this.queue = new DeliveryQueue({ destinations, maxBytes, maxBackoffMillis, spool, status, log });
    const common = { queue: this.queue, status, protocol };
    this.#exporters = {
      metrics: createMetricExporter({ ...common, temporality: 'delta', exponentialMaxBuckets: undefined }),
      traces: createSpanExporter(common),
      logs: createLogExporter(common),
    };
  }

  /** Exports a request with so many points, which are numbered on; resolves once the queue has it. */
  async export(signal: SignalKind, points: number): Promise<void> {
    const first = this.#next[signal];
    this.#next[signal] += points;
    const numbers = range(first, first + points);
    const exporters = this.#exporters;
    if (signal === 'metrics') {
      const metrics = await numberedMetrics(numbers);
      await new Promise((resolve) => exporters.metrics.export(metrics, resolve));
    } else if (signal === 'traces') {
      const spans = numberedSpans(numbers);
      await new Promise((resolve) => exporters.traces.export(spans, resolve));
    } else {
      const records = numberedLogs(numbers);
      await new Promise((resolve) => exporters.logs.export(records, resolve));
    }
  }

  /** Resolves once nothing waits, and nothing is being sent. */
  async drained(): Promise<void> {
    await vi.waitUntil(() => this.queue.length === 0, { timeout: 30_000, interval: 5 });
  }

  [Symbol.dispose](): void {
    this.queue.close();
  }
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

async function numberedMetrics(numbers: readonly number[]) {
  const reader = new PullReader();
  const gauge = new MeterProvider({ readers: [reader] }).getMeter('test').createGauge('numbered');
  for (const number of numbers) gauge.record(number, { number });
  return (await reader.collect()).resourceMetrics;
}

function numberedSpans(numbers: readonly number[]) {
  const spans = new TestSpans();
  for (const number of numbers) spans.provider.getTracer('test').startSpan(String(number)).end();
  return spans.finished();
}

function numberedLogs(numbers: readonly number[]) {
  const records: ReadableLogRecord[] = [];
  const processor: LogRecordProcessor = {
    onEmit: (record) => void records.push(record),
    async forceFlush() {},
    async shutdown() {},
  };
  const logger = new LoggerProvider({ processors: [processor] }).getLogger('test');
  for (const number of numbers) logger.emit({ body: String(number) });
  return records;
}

/** The numbers of a request's points, in order. */
export function numbersOf({ path, contentType, body }: OtlpRequest): number[] {
  if (contentType === 'application/json') {
    const key = { '/v1/metrics': 'asDouble', '/v1/traces': 'name', '/v1/logs': 'stringValue' }[path] ?? '';
    const numbers: number[] = [];
    JSON.parse(body.toString('utf8'), (name, value: unknown) => {
      if (name === key && Number.isInteger(Number(value))) numbers.push(Number(value));
      return value;
    });
    return numbers;
  }
  if (path === '/v1/metrics') {
    return decodeOtlpMetrics(body).series.flatMap(({ points }) => points.map(({ value }) => value));
  }
  if (path === '/v1/traces') return decodeOtlpSpans(body).map(({ name }) => Number(name));
  return decodeOtlpLogs(body).map(({ message }) => Number(message));
}
