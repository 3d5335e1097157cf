import {
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  MeterProvider,
  type MetricProducer,
  MetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

export type Temporality = 'delta' | 'cumulative';

/** As the package's own configuration has it. */
export const MAX_BUCKETS = 640;

/** An official reader that collects when asked. */
export class ManualReader extends MetricReader {
  /** Delta comes with exponential histograms, as over OTLP; cumulative with explicit bounds, as for Prometheus. */
  constructor(temporality: Temporality, producer?: MetricProducer) {
    super({
      aggregationTemporalitySelector: () =>
        temporality === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
      aggregationSelector: (type) =>
        type === InstrumentType.HISTOGRAM && temporality === 'delta'
          ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: MAX_BUCKETS, recordMinMax: true } }
          : { type: AggregationType.DEFAULT },
      // Beyond its default limit the SDK would merge runs into one series, and be measured with less work to do.
      cardinalitySelector: () => 1_000_000,
      ...(producer && { metricProducers: [producer] }),
    });
  }

  async read(): Promise<ResourceMetrics> {
    const { resourceMetrics, errors } = await this.collect();
    if (errors.length > 0) throw new AggregateError(errors);
    return resourceMetrics;
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}

/** Gives a reader the SDK that it works in. */
export function attach(reader: ManualReader): MeterProvider {
  return new MeterProvider({ readers: [reader] });
}
