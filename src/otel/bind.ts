import type { Attributes, Context, Counter, Gauge, Histogram, UpDownCounter } from '@opentelemetry/api';

export type SyncInstrument = Counter | UpDownCounter | Gauge | Histogram;

/** An instrument with its attributes decided once: recording takes the value alone. */
export interface BoundInstrument {
  record(value: number): void;
  /** Ends the series: what it holds is handed over, then forgotten. Does nothing where the meter cannot. */
  unbind(): void;
}

/** What the OpenTelemetry specification calls Bind (metrics API, status Development); the official SDK lacks it. */
interface Bindable {
  bind(attributes: Attributes): BoundInstrument;
}

function isBindable(instrument: object): instrument is Bindable {
  return 'bind' in instrument && typeof instrument.bind === 'function';
}

/**
 * Binds where the meter can, and otherwise records with the same attributes every time.
 * @param attributes frozen: an SDK may keep the reference.
 */
export function bind(instrument: SyncInstrument, attributes: Attributes): BoundInstrument {
  if (isBindable(instrument)) return instrument.bind(attributes);
  return { record: (value) => write(instrument, value, attributes), unbind() {} };
}

/** Records once, on whichever kind of instrument. */
export function write(instrument: SyncInstrument, value: number, attributes: Attributes, context?: Context): void {
  if ('add' in instrument) instrument.add(value, attributes, context);
  else instrument.record(value, attributes, context);
}
