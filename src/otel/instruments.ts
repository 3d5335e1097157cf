import type { Counter, Gauge, Histogram, Meter, MetricOptions, UpDownCounter } from '@opentelemetry/api';
import { type CataloguedMetric, catalogue, findMetric, type MetricKind } from '../catalogue/index.ts';
import type { SyncInstrument } from './bind.ts';
import { warnOnce } from './diagnostics.ts';
import { DURATION_BOUNDS_MILLIS } from './histogram-bounds.ts';

interface InstrumentOf {
  gauge: Gauge;
  counter: Counter;
  histogram: Histogram;
}

/** Every metric of the catalogue as an instrument, by its full name. */
export type SignalInstruments = {
  readonly [Metric in CataloguedMetric as Metric['name']]: InstrumentOf[Metric['kind']];
};

/** The catalogue's kinds, and the counter that may go down, which only custom metrics use. */
export type InstrumentKind = MetricKind | 'upDownCounter';

/** Names come from training code, which may build them from data: `loss_step_1`, `loss_step_2`, ... */
const MAX_CUSTOM_INSTRUMENTS = 1_000;

/**
 * Every metric of the catalogue as an OpenTelemetry instrument, on any meter.
 * @example createInstruments(metrics.getMeter('signal'))['signal.training.loss'].record(0.5, { run_id: 'run_1' })
 */
export function createInstruments(meter: Meter): SignalInstruments {
  const registry = instrumentsOf(meter);
  // Object.fromEntries forgets the keys' names; the catalogue is both the source of the type and of the entries.
  return Object.fromEntries(
    catalogue.map(({ name, kind }) => [name, registry.get(name, kind)]),
  ) as unknown as SignalInstruments;
}

const registries = new WeakMap<Meter, InstrumentRegistry>();

/** One registry a meter: a second instrument of the same name would be a second, conflicting stream. */
export function instrumentsOf(meter: Meter): InstrumentRegistry {
  let registry = registries.get(meter);
  if (registry === undefined) {
    registry = new InstrumentRegistry(meter);
    registries.set(meter, registry);
  }
  return registry;
}

/** A meter's instruments, each created at its first use, catalogued and custom ones alike. */
export class InstrumentRegistry {
  readonly #meter: Meter;
  readonly #instruments = new Map<string, { readonly kind: InstrumentKind; readonly instrument: SyncInstrument }>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /**
   * The instrument of that name. A name keeps the kind of its first use: `undefined`, with one warning, where it is
   * asked for as another, and where there are too many names.
   */
  get(name: string, kind: InstrumentKind): SyncInstrument | undefined {
    const known = this.#instruments.get(name) ?? this.#create(name, kind);
    if (known === undefined) return undefined;
    if (known.kind === kind) return known.instrument;
    if (known.kind === 'counter' && kind === 'upDownCounter') return this.#lower(name);
    // An increment of a name that was decremented first belongs to the same up-down counter.
    if (known.kind === 'upDownCounter' && kind === 'counter') return known.instrument;
    warnOnce(`kind:${name}`, `${name} is a ${known.kind}: recording it as a ${kind} is ignored; use another name`);
    return undefined;
  }

  #create(name: string, kind: InstrumentKind) {
    const definition = findMetric(name);
    if (definition === undefined && this.#instruments.size >= MAX_CUSTOM_INSTRUMENTS) {
      warnOnce('instruments', `more than ${MAX_CUSTOM_INSTRUMENTS} metric names; new ones are left out. Use tags`);
      return undefined;
    }
    const created = {
      kind: definition?.kind ?? kind,
      instrument: createInstrument(this.#meter, name, definition?.kind ?? kind, {
        description: definition?.description ?? '',
        unit: definition?.unit ?? '',
      }),
    };
    this.#instruments.set(name, created);
    return created;
  }

  /** A counter cannot go down. From here on the name is an up-down counter; what was counted before stays counted. */
  #lower(name: string): UpDownCounter | undefined {
    if (findMetric(name) !== undefined) {
      warnOnce(`lower:${name}`, `${name} is a counter and cannot be decremented; ignored`);
      return undefined;
    }
    warnOnce(`lower:${name}`, `${name} was a counter and is now decremented: it goes on as an up-down counter`);
    const instrument = this.#meter.createUpDownCounter(name);
    this.#instruments.set(name, { kind: 'upDownCounter', instrument });
    return instrument;
  }
}

function createInstrument(meter: Meter, name: string, kind: InstrumentKind, options: MetricOptions): SyncInstrument {
  switch (kind) {
    case 'gauge':
      return meter.createGauge(name, options);
    case 'counter':
      return meter.createCounter(name, options);
    case 'upDownCounter':
      return meter.createUpDownCounter(name, options);
    case 'histogram':
      return meter.createHistogram(name, {
        ...options,
        advice: { explicitBucketBoundaries: [...DURATION_BOUNDS_MILLIS] },
      });
  }
}
