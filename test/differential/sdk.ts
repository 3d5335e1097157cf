import type { Attributes, Meter } from '@opentelemetry/api';
import {
  type AggregationOption,
  AggregationTemporality,
  type DataPoint,
  InstrumentType,
  MeterProvider,
  type MetricData,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';
import type { Resolution } from '../../src/bound-meter/gauge-points.ts';
import { BoundMetricProducer } from '../../src/bound-meter/producer.ts';
import { BoundMeterProvider, type BoundMeterProviderOptions } from '../../src/bound-meter/provider.ts';
import type { InstrumentKind } from '../../src/bound-meter/stream.ts';
import { resolveViews, toChoice } from '../../src/bound-meter/views.ts';
import { PullReader } from '../support/telemetry.ts';

export interface ReaderSetup {
  readonly temporality: 'delta' | 'cumulative';
  readonly histograms: AggregationOption;
}

/** Something that meters, and that each of its readers can collect from. */
export interface Subject {
  readonly meter: Meter;
  collect(reader: number): Promise<MetricData[]>;
}

export function officialSubject(readers: readonly ReaderSetup[], views: ViewOptions[]): Subject {
  const pullReaders = readers.map((setup) => toPullReader(setup));
  const provider = new MeterProvider({ readers: pullReaders, views });
  return { meter: provider.getMeter('signal', '1'), collect: (reader) => metricsOf(pullReaders[reader]) };
}

export function boundSubject(
  readers: readonly ReaderSetup[],
  views: ViewOptions[],
  { resolution = 'last', ...options }: Partial<BoundMeterProviderOptions> & { resolution?: Resolution } = {},
): Subject & { readonly provider: BoundMeterProvider; finish(): void } {
  const provider = new BoundMeterProvider({
    ...options,
    views: resolveViews(views),
    readers: readers.map(({ temporality, histograms }) => ({
      temporality: { counter: temporality, upDownCounter: temporality, gauge: temporality, histogram: temporality },
      histograms: toChoice(histograms),
      resolution,
    })),
  });
  const producers = readers.map((_, index) => new BoundMetricProducer(provider, index));
  // As in production: an official reader, fed by the producer beside its own SDK.
  const pullReaders = readers.map((setup, index) => {
    const reader = toPullReader(setup, producers[index]);
    new MeterProvider({ readers: [reader] });
    return reader;
  });
  return {
    provider,
    meter: provider.getMeter('signal', '1'),
    collect: (reader) => metricsOf(pullReaders[reader]),
    finish: () => {
      for (const producer of producers) producer.includesOpenSecond = true;
    },
  };
}

function toPullReader({ temporality, histograms }: ReaderSetup, producer?: BoundMetricProducer): PullReader {
  return new PullReader({
    aggregationTemporalitySelector: () =>
      temporality === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    aggregationSelector: (type) => (type === InstrumentType.HISTOGRAM ? histograms : { type: 0 }),
    ...(producer && { metricProducers: [producer] }),
  });
}

async function metricsOf(reader: PullReader | undefined): Promise<MetricData[]> {
  if (reader === undefined) throw new RangeError('There is no such reader.');
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) throw new AggregateError(errors);
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
}

/** Metrics in an order and a form in which two of the same content are equal. */
export function normalized(metrics: readonly MetricData[]): unknown[] {
  return metrics
    .map(({ descriptor, dataPoints, ...rest }) => ({
      ...rest,
      descriptor: {
        name: descriptor.name,
        description: descriptor.description,
        unit: descriptor.unit,
        valueType: descriptor.valueType,
      },
      dataPoints: [...dataPoints].sort((a: DataPoint<unknown>, b: DataPoint<unknown>) => compare(keyOf(a), keyOf(b))),
    }))
    .sort((a, b) => compare(JSON.stringify(a.descriptor), JSON.stringify(b.descriptor)));
}

export function keyOf({ attributes }: { attributes: Attributes }): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => compare(a, b)));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export const instrumentKinds: readonly InstrumentKind[] = ['counter', 'upDownCounter', 'gauge', 'histogram'];
