import type { Attributes, Context, MetricAdvice, ValueType } from '@opentelemetry/api';
import type { Aggregation } from './aggregation.ts';
import type { Clock } from './clock.ts';
import { ExplicitHistogramAggregation, type ExplicitHistogramInterval } from './explicit-histogram.ts';
import { ExponentialHistogramAggregation, type ExponentialHistogramInterval } from './exponential-histogram.ts';
import { MAX_SCALE } from './exponential-scale.ts';
import { GaugeAggregation, type GaugeInterval, type Resolution } from './gauge-points.ts';
import { SumAggregation, type SumInterval } from './sum.ts';

export type InstrumentKind = 'counter' | 'upDownCounter' | 'gauge' | 'histogram';

/** An instrument as it was created. */
export interface InstrumentDescriptor {
  readonly name: string;
  readonly kind: InstrumentKind;
  readonly description: string;
  readonly unit: string;
  readonly valueType: ValueType;
  readonly advice: MetricAdvice;
}

export type Interval = SumInterval | GaugeInterval | ExplicitHistogramInterval | ExponentialHistogramInterval;

/**
 * How a stream aggregates. `default` follows from the instrument's kind and advice, `defaultHistogram` has the SDK's
 * bounds.
 */
export type AggregationChoice =
  | { readonly type: 'default' | 'drop' | 'sum' | 'lastValue' | 'defaultHistogram' }
  | { readonly type: 'explicitHistogram'; readonly bounds: readonly number[] }
  | {
      readonly type: 'exponentialHistogram';
      readonly maxBuckets: number;
      /** The specification's MaxScale. Default 20, as the official SDK's. */
      readonly maxScale?: number;
    };

/** What a view makes of an instrument. */
export interface StreamConfig {
  readonly name: string;
  readonly description: string;
  readonly aggregation: AggregationChoice;
  /** `false` leaves minimum and maximum out of histograms. */
  readonly recordsMinMax: boolean;
  /** Done once for a bound instrument, when it is bound. */
  processAttributes(attributes: Attributes, context: Context | undefined): Attributes;
}

/** The streams that views make of an instrument, or none where no view selects it. */
export type ViewResolver = (descriptor: InstrumentDescriptor, scope: MeterScope) => readonly StreamConfig[];

/** The SDK's bounds of a histogram that nobody gave any. */
const DEFAULT_BOUNDS: readonly number[] = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000,
];

/** Who made the instruments. */
export interface MeterScope {
  readonly name: string;
  readonly version: string | undefined;
  readonly schemaUrl: string | undefined;
}

export interface AggregationContext {
  readonly clock: Clock;
  readonly resolution: Resolution;
  onReduced(points: number): void;
}

/** Whether an instrument takes no negative values, so that its sum never falls. */
export function onlyRises(kind: InstrumentKind): boolean {
  return kind === 'counter' || kind === 'histogram';
}

/** `undefined` for a stream that is dropped. */
export function createAggregation(
  choice: AggregationChoice,
  descriptor: InstrumentDescriptor,
  context: AggregationContext,
): Aggregation<Interval> | undefined {
  const { clock, resolution, onReduced } = context;
  switch (choice.type) {
    case 'drop':
      return undefined;
    case 'sum':
      return new SumAggregation(clock, onlyRises(descriptor.kind));
    case 'lastValue':
      return new GaugeAggregation(clock, resolution, onReduced);
    case 'explicitHistogram':
      return new ExplicitHistogramAggregation(clock, choice.bounds);
    case 'exponentialHistogram':
      return new ExponentialHistogramAggregation(clock, choice.maxBuckets, choice.maxScale ?? MAX_SCALE);
    case 'defaultHistogram':
      return new ExplicitHistogramAggregation(clock, DEFAULT_BOUNDS);
    case 'default':
      return createAggregation(defaultChoice(descriptor), descriptor, context);
  }
}

function defaultChoice({ kind, advice }: InstrumentDescriptor): AggregationChoice {
  if (kind === 'gauge') return { type: 'lastValue' };
  if (kind !== 'histogram') return { type: 'sum' };
  return { type: 'explicitHistogram', bounds: advice.explicitBucketBoundaries ?? DEFAULT_BOUNDS };
}
