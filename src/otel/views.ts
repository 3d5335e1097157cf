import { type AggregationOption, AggregationType, InstrumentType, type ViewOptions } from '@opentelemetry/sdk-metrics';
import { NAMESPACE } from '../catalogue/index.ts';
import { DURATION_BOUNDS_MILLIS, EXPONENTIAL_MAX_BUCKETS } from './histogram-bounds.ts';

export interface SignalViewsOptions {
  /**
   * `exponential` (default) for OTLP: the most exact, and what Datadog turns into distributions.
   * `explicit` for Prometheus, whose JavaScript exporter drops exponential histograms.
   */
  readonly histograms?: 'exponential' | 'explicit';
}

/** How histograms are aggregated, by the form that a backend takes. */
export const histogramAggregations = {
  exponential: { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: EXPONENTIAL_MAX_BUCKETS } },
  explicit: {
    type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
    options: { boundaries: [...DURATION_BOUNDS_MILLIS] },
  },
} as const satisfies Record<string, AggregationOption>;

/**
 * Views for a host that runs its own MeterProvider: `new MeterProvider({ views: [...signalViews()] })`. They give the
 * package's histograms a p50 and p99 worth the name, and touch no other meter's instruments.
 * @throws TypeError on an unknown form of histograms.
 */
export function signalViews(options: SignalViewsOptions = {}): ViewOptions[] {
  const { histograms = 'exponential' } = options;
  if (!Object.hasOwn(histogramAggregations, histograms)) {
    throw new TypeError(`signalViews: histograms must be ${Object.keys(histogramAggregations).join(' or ')}`);
  }
  return [
    { meterName: NAMESPACE, instrumentType: InstrumentType.HISTOGRAM, aggregation: histogramAggregations[histograms] },
  ];
}
