import type * as api from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  type DataPoint,
  type ExponentialHistogram,
  type Histogram,
  MeterProvider,
  type MetricData,
  MetricReader,
  type MetricReaderOptions,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { BoundMetricProducer } from '../../src/bound-meter/producer.ts';
import { BoundMeterProvider } from '../../src/bound-meter/provider.ts';
import { resolveViews } from '../../src/bound-meter/views.ts';
import { readEvent, readServiceCheck, type ServiceCheck, type SignalEvent } from '../../src/otel/events.ts';

/** Reads when the test asks, as a scrape does. */
export class PullReader extends MetricReader {
  constructor(options?: MetricReaderOptions) {
    super(options);
  }
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

type Point = DataPoint<number> | DataPoint<Histogram> | DataPoint<ExponentialHistogram>;

export interface TestMetricsOptions {
  /** Default: the one that the test run is for (vitest.config.ts). */
  readonly meter?: 'official' | 'bound';
  readonly views?: ViewOptions[];
  /** Default: cumulative, as a reader's is. */
  readonly temporality?: 'delta' | 'cumulative';
}

const meterOfThisRun = process.env.TEST_METER === 'official' ? 'official' : 'bound';

/** A real MeterProvider with one official reader. */
export class TestMetrics {
  readonly reader: PullReader;
  readonly provider: api.MeterProvider;

  constructor({ meter = meterOfThisRun, views = [], temporality = 'cumulative' }: TestMetricsOptions = {}) {
    const aggregationTemporalitySelector = () =>
      temporality === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
    if (meter === 'official') {
      this.reader = new PullReader({ aggregationTemporalitySelector });
      this.provider = new MeterProvider({ readers: [this.reader], views });
      return;
    }
    const bound = new BoundMeterProvider({
      readers: [
        {
          temporality: { counter: temporality, upDownCounter: temporality, gauge: temporality, histogram: temporality },
          histograms: { type: 'default' },
          resolution: 'last',
        },
      ],
      views: resolveViews(views),
    });
    this.provider = bound;
    this.reader = new PullReader({ metricProducers: [new BoundMetricProducer(bound, 0)] });
    // A reader collects its producers once a MeterProvider has it.
    new MeterProvider({ readers: [this.reader] });
  }

  /** Every metric of the meter `signal`, by name. */
  async collect(): Promise<Map<string, MetricData>> {
    const { resourceMetrics } = await this.reader.collect();
    const scopes = resourceMetrics.scopeMetrics.filter(({ scope }) => scope.name === 'signal');
    return new Map(scopes.flatMap(({ metrics }) => metrics.map((metric) => [metric.descriptor.name, metric])));
  }

  /** Points of a metric, none where nothing was recorded. */
  async points(name: string): Promise<Point[]> {
    return [...((await this.collect()).get(name)?.dataPoints ?? [])];
  }

  /** The values of a gauge's or counter's points. */
  async values(name: string): Promise<unknown[]> {
    return (await this.points(name)).map(({ value }) => value);
  }

  async attributes(name: string): Promise<Attributes[]> {
    return (await this.points(name)).map(({ attributes }) => attributes);
  }

  /** Count and sum over all points of a histogram. */
  async histogram(name: string): Promise<{ count: number; sum: number }> {
    let count = 0;
    let sum = 0;
    for (const { value } of await this.points(name)) {
      if (typeof value === 'number') throw new Error(`${name} is no histogram`);
      count += value.count;
      sum += value.sum ?? 0;
    }
    return { count, sum };
  }
}

/** A real TracerProvider whose spans stay in memory. */
export class TestSpans {
  readonly #exporter = new InMemorySpanExporter();
  readonly provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter })] });

  finished(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }
}

/** A real LoggerProvider, and the events and service checks that it was given. */
export class TestEvents {
  readonly #exporter = new InMemoryLogRecordExporter();
  readonly provider = new LoggerProvider({
    processors: [new SimpleLogRecordProcessor({ exporter: this.#exporter })],
  });

  records(): ReadableLogRecord[] {
    return this.#exporter.getFinishedLogRecords();
  }

  events(): SignalEvent[] {
    return this.records().flatMap((record) => readEvent(record) ?? []);
  }

  checks(): ServiceCheck[] {
    return this.records().flatMap((record) => readServiceCheck(record) ?? []);
  }
}
