import type { Attributes, Counter, Gauge, Histogram, Meter, MetricOptions, UpDownCounter } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import {
  type AggregationOption,
  AggregationType,
  createAllowListAttributesProcessor,
  createDenyListAttributesProcessor,
  InstrumentType,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import type { InstrumentKind } from '../../src/bound-meter/stream.ts';
import { instrumentKinds, type ReaderSetup } from './sdk.ts';

export interface InstrumentSetup {
  readonly kind: InstrumentKind;
  readonly options: MetricOptions;
}

export type Action =
  | {
      readonly do: 'record';
      readonly instrument: number;
      readonly attributes: number;
      readonly value: number;
      readonly bound: boolean;
    }
  | { readonly do: 'wait'; readonly millis: number }
  | { readonly do: 'collect'; readonly reader: number };

export interface Program {
  readonly readers: readonly ReaderSetup[];
  readonly views: ViewOptions[];
  readonly instruments: readonly InstrumentSetup[];
  readonly attributes: readonly Attributes[];
  readonly actions: readonly Action[];
}

/** Values at which an implementation goes wrong: edges of buckets and of the format, equal ones, and no numbers. */
export const anyValue = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 0.001, max: 3_600_000, noNaN: true }) },
  { weight: 3, arbitrary: fc.integer({ min: -5, max: 1_000 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(0, -0, 1, 2, 4, 0.5, 250, Number.MIN_VALUE, 2 ** -1022, 2 ** -1030, 1e-300, 1e300, -1),
  },
  { weight: 1, arbitrary: fc.constantFrom(Number.MAX_VALUE, Infinity, -Infinity, Number.NaN) },
  { weight: 1, arbitrary: fc.double() },
);

/** Values whose sums are exact: two readers may add the same ones up in a different order. */
export const exactValue = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -1_000, max: 2 ** 30 }).map((units) => units / 1_024) },
  // Below 1, where the indices of exponential buckets are negative.
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 1_000 }).map((units) => units / 1_024) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1, 2 ** 20, Infinity, Number.NaN) },
);

const exponential = fc
  .constantFrom<number[]>(2, 4, 20, 160, 640)
  .map((maxSize): AggregationOption => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize } }));

const histograms: fc.Arbitrary<AggregationOption> = fc.oneof(
  exponential,
  fc.constantFrom<AggregationOption[]>(
    { type: AggregationType.DEFAULT },
    { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [-1, 0, 10, 250, 1e6] } },
  ),
);

const reader: fc.Arbitrary<ReaderSetup> = fc.record({
  temporality: fc.constantFrom('delta' as const, 'cumulative' as const),
  histograms,
});

const aggregation: fc.Arbitrary<AggregationOption> = fc.oneof(
  histograms,
  fc.constantFrom<AggregationOption[]>(
    { type: AggregationType.SUM },
    { type: AggregationType.LAST_VALUE },
    { type: AggregationType.DROP },
    { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 20, recordMinMax: false } },
    { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [5], recordMinMax: false } },
  ),
);

const view = (...instrumentNames: string[]): fc.Arbitrary<ViewOptions> =>
  fc.record(
    {
      instrumentName: fc.constantFrom(...instrumentNames),
      instrumentType: fc.constantFrom(InstrumentType.HISTOGRAM, InstrumentType.GAUGE, InstrumentType.COUNTER),
      instrumentUnit: fc.constantFrom('{ms}', ''),
      meterName: fc.constantFrom('signal', 'other'),
      aggregation,
      description: fc.constant('seen through a view'),
      attributesProcessors: fc.constantFrom(
        [createAllowListAttributesProcessor(['run_id'])],
        [createDenyListAttributesProcessor(['user_id'])],
      ),
    },
    { requiredKeys: ['instrumentName'] },
  );

const instrument: fc.Arbitrary<InstrumentSetup> = fc.record({
  kind: fc.constantFrom(...instrumentKinds),
  options: fc.record(
    {
      unit: fc.constantFrom('{ms}', '{step}'),
      description: fc.constant('what it is'),
      valueType: fc.constantFrom(ValueType.DOUBLE, ValueType.DOUBLE, ValueType.INT),
      advice: fc.constant({ explicitBucketBoundaries: [1, 10, 100] }),
    },
    { requiredKeys: [] },
  ),
});

/** The same set may come in another order of its keys. */
const attributes: fc.Arbitrary<Attributes> = fc
  .tuple(
    fc.record(
      { run_id: fc.constantFrom('run_1', 'run_2'), user_id: fc.constantFrom('a', 'b'), shard: fc.nat({ max: 1 }) },
      { requiredKeys: ['run_id'] },
    ),
    fc.boolean(),
  )
  .map(([set, isReversed]) => (isReversed ? Object.fromEntries(Object.entries(set).reverse()) : { ...set }));

/** Views that select different instruments: two for one stream are counted twice by the official SDK. */
const views: fc.Arbitrary<ViewOptions[]> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<ViewOptions[]>([]) },
  { weight: 1, arbitrary: view('*', 'metric.*').map((only) => [only]) },
  {
    weight: 2,
    arbitrary: fc.uniqueArray(view('metric.0', 'metric.1', 'metric.2', 'other'), {
      selector: ({ instrumentName }) => instrumentName,
      maxLength: 3,
    }),
  },
);

/** Programs of so many readers at most, that record such values. */
export function programs(maxReaders: number, value: fc.Arbitrary<number>): fc.Arbitrary<Program> {
  const setup = fc.record({
    readers: fc.array(reader, { minLength: 1, maxLength: maxReaders }),
    views,
    instruments: fc.array(instrument, { minLength: 1, maxLength: 4 }),
    attributes: fc.array(attributes, { minLength: 1, maxLength: 4 }),
  });

  return setup.chain((parts) =>
    fc.record({
      ...(Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, fc.constant(part)])) as {
        [Key in keyof typeof parts]: fc.Arbitrary<(typeof parts)[Key]>;
      }),
      actions: fc.array(
        fc.oneof(
          {
            weight: 8,
            arbitrary: fc.record({
              do: fc.constant('record' as const),
              instrument: fc.nat({ max: parts.instruments.length - 1 }),
              attributes: fc.nat({ max: parts.attributes.length - 1 }),
              value,
              bound: fc.boolean(),
            }),
          },
          { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), millis: fc.nat({ max: 3_000 }) }) },
          {
            weight: 2,
            arbitrary: fc.record({
              do: fc.constant('collect' as const),
              reader: fc.nat({ max: parts.readers.length - 1 }),
            }),
          },
        ),
        { maxLength: 60 },
      ),
    }),
  );
}

export type Write = (attributes: number, value: number, bound: boolean) => void;

/** The program's instruments on a meter, each as a function that records. */
export function createWriters(meter: Meter, { instruments, attributes }: Program): Write[] {
  return instruments.map(({ kind, options }, index) => {
    const instrument = create(meter, kind, `metric.${index}`, options);
    const handles = attributes.map((set) => lazily(() => bindIfPossible(instrument, set)));
    return (set, recorded, bound) => {
      if (bound) handles[set]?.()(recorded);
      else write(instrument, recorded, attributes[set] ?? {});
    };
  });
}

type Instrument = Counter | UpDownCounter | Gauge | Histogram;

function create(meter: Meter, kind: InstrumentKind, name: string, options: MetricOptions): Instrument {
  if (kind === 'gauge') return meter.createGauge(name, options);
  if (kind === 'counter') return meter.createCounter(name, options);
  return kind === 'histogram' ? meter.createHistogram(name, options) : meter.createUpDownCounter(name, options);
}

/** Where the official SDK cannot bind, a plain record has to behave the same. */
function bindIfPossible(instrument: Instrument, set: Attributes): (value: number) => void {
  if (!('bind' in instrument) || typeof instrument.bind !== 'function')
    return (recorded) => write(instrument, recorded, set);
  const bound: { record(value: number): void } = instrument.bind(set);
  return (recorded) => bound.record(recorded);
}

function write(instrument: Instrument, recorded: number, set: Attributes): void {
  if ('add' in instrument) instrument.add(recorded, set);
  else instrument.record(recorded, set);
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
