import type { HrTime } from '@opentelemetry/api';
import { type InstrumentationScope, millisToHrTime } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  type MetricDescriptor,
  type MetricProducer,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import type { ExplicitHistogramInterval } from './explicit-histogram.ts';
import { type ExponentialHistogramInterval, shownScale } from './exponential-histogram.ts';
import type { BoundMeterProvider } from './provider.ts';
import type { CollectedSeries, CollectedStream } from './storage.ts';
import { type Interval, type MeterScope, onlyRises } from './stream.ts';

const temporalities = {
  delta: AggregationTemporality.DELTA,
  cumulative: AggregationTemporality.CUMULATIVE,
} as const;

/** Hands the bound meter's measurements to one official reader, as its `metricProducers` option. */
export class BoundMetricProducer implements MetricProducer {
  readonly #provider: BoundMeterProvider;
  readonly #reader: number;
  /** Whether the points of the current second are handed over too, as when nothing more is to come. */
  includesOpenSecond = false;

  /** @param reader the reader's place among the provider's `readers`. */
  constructor(provider: BoundMeterProvider, reader: number) {
    this.#provider = provider;
    this.#reader = reader;
  }

  async collect(): Promise<CollectionResult> {
    return toCollection(this.collectNow());
  }

  /** Whether there is something that has not been handed over. A cumulative reader gets all again even where not. */
  get hasNews(): boolean {
    return this.#provider.hasNews(this.#reader);
  }

  /** `collect` without a turn of the event loop, for the end of a process. */
  collectNow(): ScopeMetrics[] {
    const millis = Date.now();
    const scopes = this.#provider.collect(this.#reader, millis, this.includesOpenSecond);
    const isLastValueOnly = this.#provider.readers[this.#reader]?.resolution === 'last';
    return scopes.map(({ scope, streams }) => ({
      scope: toScope(scope),
      metrics: streams.map((stream) => toMetricData(stream, millisToHrTime(millis), isLastValueOnly)),
    }));
  }
}

/** What a reader is handed. It takes the resource of the SDK in the place of the empty one. */
export function toCollection(scopeMetrics: ScopeMetrics[]): CollectionResult {
  return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
}

function toScope({ name, version, schemaUrl }: MeterScope): InstrumentationScope {
  return { name, ...(version !== undefined && { version }), ...(schemaUrl !== undefined && { schemaUrl }) };
}

function toMetricData(stream: CollectedStream, endTime: HrTime, isLastValueOnly: boolean): MetricData {
  const { storage, temporality, series } = stream;
  const common = { descriptor: toDescriptor(stream), aggregationTemporality: temporalities[temporality] };
  // Every series of a stream aggregates alike.
  switch (series[0]?.interval.kind) {
    case 'sum':
      return {
        ...common,
        dataPointType: DataPointType.SUM,
        isMonotonic: onlyRises(storage.descriptor.kind),
        dataPoints: toPoints(series, endTime, 'sum', ({ value }) => value),
      };
    case 'explicitHistogram':
      return {
        ...common,
        dataPointType: DataPointType.HISTOGRAM,
        dataPoints: toPoints(series, endTime, 'explicitHistogram', (interval) => toHistogram(interval, stream)),
      };
    case 'exponentialHistogram':
      return {
        ...common,
        dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM,
        dataPoints: toPoints(series, endTime, 'exponentialHistogram', (interval) => toExponential(interval, stream)),
      };
    default:
      return {
        ...common,
        dataPointType: DataPointType.GAUGE,
        dataPoints: toGaugePoints(series, isLastValueOnly ? endTime : undefined),
      };
  }
}

function toDescriptor({ storage }: CollectedStream): MetricDescriptor {
  const { unit, valueType } = storage.descriptor;
  const { name, description } = storage.config;
  return { name, description, unit, valueType };
}

type IntervalOf<Kind extends Interval['kind']> = Extract<Interval, { kind: Kind }>;

/** One point for each series of a kind. */
function toPoints<Kind extends Interval['kind'], Value>(
  series: readonly CollectedSeries[],
  endTime: HrTime,
  kind: Kind,
  toValue: (interval: IntervalOf<Kind>) => Value,
): DataPoint<Value>[] {
  const isOfKind = (interval: Interval): interval is IntervalOf<Kind> => interval.kind === kind;
  const toStartTime = hrTimes();
  const points: DataPoint<Value>[] = [];
  for (const { attributes, startMillis, interval } of series) {
    if (!isOfKind(interval)) continue;
    points.push({ attributes, startTime: toStartTime(startMillis), endTime, value: toValue(interval) });
  }
  return points;
}

/** @param endTime of all points; by default each has its own. */
function toGaugePoints(series: readonly CollectedSeries[], endTime: HrTime | undefined): DataPoint<number>[] {
  const toStartTime = hrTimes();
  const toTime = hrTimes();
  const dataPoints: DataPoint<number>[] = [];
  for (const { attributes, startMillis, interval } of series) {
    if (interval.kind !== 'gauge') continue;
    const startTime = toStartTime(startMillis);
    for (let at = 0; at < interval.points.length; at += 2) {
      const time = endTime ?? toTime(interval.points[at] ?? 0);
      dataPoints.push({ attributes, startTime, endTime: time, value: interval.points[at + 1] ?? 0 });
    }
  }
  return dataPoints;
}

/** Converts times, those that repeat once: most series of a stream begin and record together. */
function hrTimes(): (millis: number) => HrTime {
  let last = Number.NaN;
  let converted: HrTime = [0, 0];
  return (millis) => {
    if (millis !== last) {
      last = millis;
      converted = millisToHrTime(millis);
    }
    return converted;
  };
}

function toHistogram(interval: ExplicitHistogramInterval, { storage }: CollectedStream): Histogram {
  const { count, sum, min, max, bounds, counts } = interval;
  return {
    ...(storage.config.recordsMinMax && count > 0 && { min, max }),
    // OTLP wants the sum of a histogram to be monotonic, or absent.
    ...(onlyRises(storage.descriptor.kind) ? { sum } : {}),
    buckets: { boundaries: bounds, counts: Array.from(counts) },
    count,
  };
}

function toExponential(interval: ExponentialHistogramInterval, { storage }: CollectedStream): ExponentialHistogram {
  const { count, sum, min, max, scale, zeroCount, positive, negative } = interval;
  return {
    ...(storage.config.recordsMinMax && { min, max }),
    // OTLP wants the sum of a histogram to be monotonic, or absent.
    ...(onlyRises(storage.descriptor.kind) ? { sum } : {}),
    positive: { offset: positive.offset, bucketCounts: positive.counts },
    negative: { offset: negative.offset, bucketCounts: negative.counts },
    count,
    scale: shownScale(count, zeroCount, scale),
    zeroCount,
  };
}
