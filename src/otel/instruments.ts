import type { Counter, Gauge, Histogram, Meter } from '@opentelemetry/api';
import { type CataloguedMetric, catalogue, findMetric, type MetricKind } from '../catalogue/index.ts';
import type { SyncInstrument } from './bind.ts';
import { CustomCounter } from './custom-counter.ts';
import { warnOnce } from './diagnostics.ts';
import { DURATION_BOUNDS_MILLIS, GENERAL_BOUNDS } from './histogram-bounds.ts';

interface InstrumentOf {
  gauge: Gauge;
  counter: Counter;
  histogram: Histogram;
}

/** Every metric of the catalogue as an instrument, by its full name. */
export type SignalInstruments = {
  readonly [Metric in CataloguedMetric as Metric['name']]: InstrumentOf[Metric['kind']];
};

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
  readonly #instruments = new Map<string, { readonly kind: MetricKind; readonly instrument: SyncInstrument }>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /**
   * The instrument of that name. A name keeps the kind of its first use: `undefined`, with one warning, where it is
   * asked for as another, and where there are too many names.
   */
  get(name: string, kind: MetricKind): SyncInstrument | undefined {
    const known = this.#instruments.get(name) ?? this.#create(name, kind);
    if (known === undefined || known.kind === kind) return known?.instrument;
    warnOnce(`kind:${name}`, `${name} is a ${known.kind}: recording it as a ${kind} is ignored; use another name`);
    return undefined;
  }

  #create(name: string, asked: MetricKind) {
    const definition = findMetric(name);
    if (definition === undefined && this.#instruments.size >= MAX_CUSTOM_INSTRUMENTS) {
      warnOnce('instruments', `more than ${MAX_CUSTOM_INSTRUMENTS} metric names; new ones are left out. Use tags`);
      return undefined;
    }
    const kind = definition?.kind ?? asked;
    const created = {
      kind,
      instrument:
        definition === undefined
          ? createCustom(this.#meter, name, kind)
          : createInstrument(this.#meter, name, kind, definition),
    };
    this.#instruments.set(name, created);
    return created;
  }
}

function createCustom(meter: Meter, name: string, kind: MetricKind): SyncInstrument {
  const options = { description: 'Recorded by the application', unit: '' };
  return kind === 'counter' ? new CustomCounter(meter, name, options) : createInstrument(meter, name, kind, options);
}

function createInstrument(
  meter: Meter,
  name: string,
  kind: MetricKind,
  { description, unit }: { readonly description: string; readonly unit: string },
): SyncInstrument {
  switch (kind) {
    case 'gauge':
      return meter.createGauge(name, { description, unit });
    case 'counter':
      return meter.createCounter(name, { description, unit });
    case 'histogram': {
      const bounds = name.endsWith('_ms') ? DURATION_BOUNDS_MILLIS : GENERAL_BOUNDS;
      return meter.createHistogram(name, { description, unit, advice: { explicitBucketBoundaries: [...bounds] } });
    }
  }
}
