import { createRequire } from 'node:module';
import type { AggregationOption, ViewOptions } from '@opentelemetry/sdk-metrics';
import { NAMESPACE } from '../catalogue/index.ts';
import { EXPONENTIAL_MAX_BUCKETS } from './histogram-bounds.ts';
import { readOptions } from './options.ts';

/** How histograms are aggregated. */
export interface SignalViewsOptions {
  /**
   * `exponential` (default) for OTLP: the most exact, and what Datadog turns into distributions.
   * `explicit` for Prometheus, whose JavaScript exporter drops exponential histograms.
   */
  readonly histograms?: 'exponential' | 'explicit';
}

const FORMS: readonly unknown[] = ['exponential', 'explicit'];

/**
 * Views for a host that runs its own MeterProvider: `new MeterProvider({ views: [...signalViews()] })`. They give the
 * package's histograms a p50 and p99 worth the name, and touch no other meter's instruments.
 * @throws TypeError on an unknown option or form of histograms.
 */
export function signalViews(options: SignalViewsOptions = {}): ViewOptions[] {
  const { histograms = 'exponential' } = readOptions('signalViews', options, ['histograms']);
  if (!FORMS.includes(histograms)) throw new TypeError(`signalViews: histograms must be ${FORMS.join(' or ')}`);
  const { AggregationType, InstrumentType } = loadSdk();
  const aggregation: AggregationOption =
    histograms === 'exponential'
      ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: EXPONENTIAL_MAX_BUCKETS } }
      : // The bounds that the instruments advise.
        { type: AggregationType.DEFAULT };
  return [{ meterName: NAMESPACE, instrumentType: InstrumentType.HISTOGRAM, aggregation }];
}

/** Only now: whoever imports the package without asking for views does not pay for the SDK. */
function loadSdk(): typeof import('@opentelemetry/sdk-metrics') {
  return createRequire(import.meta.url)('@opentelemetry/sdk-metrics');
}
