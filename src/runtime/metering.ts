import type { Meter } from '@opentelemetry/api';
import { BoundMeterProvider } from '../bound-meter/provider.ts';
import type { ReaderOptions } from '../bound-meter/reader.ts';
import type { MeterScope } from '../bound-meter/stream.ts';
import { NAMESPACE } from '../catalogue/index.ts';
import { log } from '../otel/diagnostics.ts';
import { EXPONENTIAL_MAX_BUCKETS, EXPONENTIAL_MAX_SCALE } from '../otel/histogram-bounds.ts';
import type { Config } from './config.ts';

/**
 * The bound meter with a reader for each metrics exporter, in the order of the configuration.
 * @param observables makes the observable instruments, which the bound meter leaves to the official SDK.
 */
export function createBoundMeterProvider(
  config: Config,
  observables: (scope: MeterScope) => Meter,
): BoundMeterProvider {
  return new BoundMeterProvider({
    readers: config.metricsExporters.map((exporter) => readerOptions(exporter, config)),
    maxSeries: config.maxSeries,
    idleTimeoutMillis: config.idleTimeoutMillis,
    log,
    observables,
  });
}

/** Whether a meter is the package's own; any other is the official SDK's. */
export function isOwnMeter(name: string): boolean {
  return name === NAMESPACE;
}

const deltaOf = { delta: 'delta', lowmemory: 'delta', cumulative: 'cumulative' } as const;

/** What an exporter's reader wants; what holds for the reader itself is in the pipeline. */
function readerOptions(exporter: Config['metricsExporters'][number], config: Config): ReaderOptions {
  const { temporality, histograms, stepResolution } = config;
  const changing = exporter === 'otlp' ? deltaOf[temporality] : 'cumulative';
  const isExponential = exporter === 'otlp' && histograms === 'base2_exponential_bucket_histogram';
  return {
    temporality: {
      counter: changing,
      histogram: changing,
      // As the exporters' own preferences have it: what may go down is cumulative, and "lowmemory" keeps gauges so.
      gauge: exporter === 'otlp' && temporality === 'delta' ? 'delta' : 'cumulative',
      upDownCounter: 'cumulative',
    },
    histograms: isExponential
      ? { type: 'exponentialHistogram', maxBuckets: EXPONENTIAL_MAX_BUCKETS, maxScale: EXPONENTIAL_MAX_SCALE }
      : { type: 'default' },
    resolution: exporter === 'otlp' ? stepResolution : 'last',
  };
}
