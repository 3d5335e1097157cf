import type { Attributes } from '@opentelemetry/api';
import {
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

/** Reads when the test asks, as a scrape does. */
export class PullReader extends MetricReader {
  constructor(options?: MetricReaderOptions) {
    super(options);
  }
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

type Point = DataPoint<number> | DataPoint<Histogram> | DataPoint<ExponentialHistogram>;

/** A real MeterProvider with one reader. */
export class TestMetrics {
  readonly reader: PullReader;
  readonly provider: MeterProvider;

  constructor(options: { views?: ViewOptions[]; reader?: MetricReaderOptions } = {}) {
    this.reader = new PullReader(options.reader);
    this.provider = new MeterProvider({ readers: [this.reader], views: options.views ?? [] });
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
