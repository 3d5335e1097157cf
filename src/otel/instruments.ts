import type { Counter, Gauge, Histogram, Meter } from '@opentelemetry/api';
import { catalogue, findMetric, type MetricKind, type SignalMetric, signalMetrics } from '../catalogue/index.ts';
import type { SyncInstrument } from './bind.ts';
import { CustomCounter, type TotalsBudget } from './custom-counter.ts';
import { warnOnce } from './diagnostics.ts';
import { DURATION_BOUNDS_MILLIS, GENERAL_BOUNDS } from './histogram-bounds.ts';
import { hasMethod } from './options.ts';
import { SafeInstrument } from './safe-instrument.ts';

interface InstrumentOf {
  gauge: Gauge;
  counter: Counter;
  histogram: Histogram;
}

/** Every `signal.*` metric of the catalogue as an instrument, by its full name. */
export type SignalInstruments = {
  readonly [Metric in SignalMetric as Metric['name']]: InstrumentOf[Metric['kind']];
};

/** Names come from training code, which may build them from data: `loss_step_1`, `loss_step_2`, ... */
const MAX_CUSTOM_INSTRUMENTS = 1_000;

/** Totals that the counters of a meter remember, together, for the case that they are counted down. */
const MAX_TOTALS = 10_000;

/** What a meter has to have. */
const FACTORIES = ['createGauge', 'createCounter', 'createHistogram', 'createUpDownCounter'] as const;

/**
 * Every `signal.*` metric of the catalogue as an OpenTelemetry instrument, on any meter. Recording never throws, and
 * leaves out what is no finite number. Those of the hardware are observed: a second instrument of such
 * a name would be a conflicting stream.
 * @throws TypeError where `meter` is none.
 * @example
 * ```ts
 * createInstruments(metrics.getMeter('signal'))['signal.training.loss'].record(0.5, { run_id: 'run_1' })
 * ```
 */
export function createInstruments(meter: Meter): SignalInstruments {
  if (!FACTORIES.every((method) => hasMethod(meter, method))) {
    throw new TypeError("createInstruments takes a meter, such as metrics.getMeter('signal') of @opentelemetry/api");
  }
  const registry = instrumentsOf(meter);
  // Object.fromEntries forgets the keys' names; the catalogue is both the source of the type and of the entries.
  return Object.fromEntries(
    signalMetrics.map(({ name, kind }) => {
      const instrument = registry.get(name, kind);
      return [name, instrument && new SafeInstrument(name, kind, instrument)];
    }),
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
  readonly #totals = { left: MAX_TOTALS };
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
    if (definition === undefined && !this.#isFree(name)) return undefined;
    const kind = definition?.kind ?? asked;
    const created = {
      kind,
      instrument:
        definition === undefined
          ? createCustom(this.#meter, name, kind, this.#totals)
          : createInstrument(this.#meter, name, kind, definition),
    };
    this.#instruments.set(name, created);
    return created;
  }

  /** Whether there may be a custom metric of that name. */
  #isFree(name: string): boolean {
    if (this.#instruments.size >= MAX_CUSTOM_INSTRUMENTS) {
      warnOnce('instruments', `more than ${MAX_CUSTOM_INSTRUMENTS} metric names; new ones are left out. Use tags`);
      return false;
    }
    const taken = catalogueByPrometheusName.get(prometheusName(name));
    if (taken === undefined) return true;
    warnOnce(
      `taken:${name}`,
      `${name} is ${taken} to Prometheus, and is not recorded; write ${taken}, or another name`,
    );
    return false;
  }
}

/** A second metric of a name would make Prometheus's exporter drop both where their kinds differ. */
const catalogueByPrometheusName: ReadonlyMap<string, string> = new Map(
  catalogue.map(({ name }) => [prometheusName(name), name]),
);

/** The same for names that Prometheus cannot tell apart; OpenTelemetry has no case in names. */
function prometheusName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[._]+/g, '_')
    .replace(/_total$/, '');
}

function createCustom(meter: Meter, name: string, kind: MetricKind, totals: TotalsBudget): SyncInstrument {
  const options = { description: 'Recorded by the application', unit: '' };
  return kind === 'counter'
    ? new CustomCounter(meter, name, options, totals)
    : createInstrument(meter, name, kind, options);
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
    case 'upDownCounter':
      return meter.createUpDownCounter(name, { description, unit });
    case 'histogram': {
      const bounds = name.endsWith('_ms') ? DURATION_BOUNDS_MILLIS : GENERAL_BOUNDS;
      return meter.createHistogram(name, { description, unit, advice: { explicitBucketBoundaries: [...bounds] } });
    }
  }
}
