import type { Attributes } from '@opentelemetry/api';
import { BoundMetricProducer } from '../../src/bound-meter/producer.ts';
import { BoundMeterProvider, type BoundMeterProviderOptions } from '../../src/bound-meter/provider.ts';
import type { ReaderOptions, Temporality } from '../../src/bound-meter/reader.ts';

export function boundReader(options: Partial<ReaderOptions> & { all?: Temporality } = {}): ReaderOptions {
  const { all = 'delta', ...rest } = options;
  return {
    temporality: { counter: all, upDownCounter: all, gauge: all, histogram: all },
    histograms: { type: 'exponentialHistogram', maxBuckets: 640 },
    resolution: 'all',
    ...rest,
  };
}

export interface CollectedPoint {
  readonly attributes: Attributes;
  readonly value: unknown;
  readonly startMillis: number;
  readonly millis: number;
}

/** A bound meter with the producers that its readers would collect. */
export class BoundFixture {
  readonly provider: BoundMeterProvider;
  readonly producers: readonly BoundMetricProducer[];

  constructor(options: Partial<BoundMeterProviderOptions> = {}) {
    this.provider = new BoundMeterProvider({ readers: [boundReader()], ...options });
    this.producers = this.provider.readers.map((_, reader) => new BoundMetricProducer(this.provider, reader));
  }

  get meter() {
    return this.provider.getMeter('signal');
  }

  /** The points of a metric that a reader has not had yet. */
  async points(name: string, reader = 0): Promise<CollectedPoint[]> {
    return (await this.collect(reader)).get(name) ?? [];
  }

  /** Everything that a reader has not had yet, by metric. */
  async collect(reader = 0): Promise<Map<string, CollectedPoint[]>> {
    const { resourceMetrics } = (await this.producers[reader]?.collect()) ?? { resourceMetrics: { scopeMetrics: [] } };
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return new Map(
      metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value, startTime, endTime }) => ({
          attributes,
          value,
          startMillis: toMillis(startTime),
          millis: toMillis(endTime),
        })),
      ]),
    );
  }
}

function toMillis([seconds, nanos]: readonly [number, number]): number {
  return seconds * 1_000 + nanos / 1e6;
}
