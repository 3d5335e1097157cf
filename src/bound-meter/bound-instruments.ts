import type { Attributes } from '@opentelemetry/api';
import type { Accumulation } from './aggregation.ts';
import type { BoundMeterInstrument } from './instruments.ts';
import type { Series, SeriesHandle } from './series.ts';
import type { Storage } from './storage.ts';
import type { Interval } from './stream.ts';

/**
 * An instrument with its attributes decided once. Measurements behave as plain ones with these attributes, and look up
 * nothing. The methods take no attributes: passing some would need the lookup that binding saves.
 */
export interface BoundInstrument {
  record(value: number): void;
  add(value: number): void;
  /**
   * Ends the series where nobody else is bound to it: readers get what is left, then it is forgotten. Not part of the
   * specification. A measurement after it begins the series anew.
   */
  unbind(): void;
}

/** Binds to the streams of an instrument. */
export function bindTo(
  instrument: BoundMeterInstrument,
  storages: readonly Storage[],
  attributes: Attributes,
): BoundInstrument {
  const bound = storages.map((storage) => new (classFor(instrument))(instrument, storage, attributes));
  const [only] = bound;
  return only !== undefined && bound.length === 1 ? only : new BoundToSeveral(bound);
}

/** Bound to one stream. Its subclasses differ in nothing but their kind: each has its own, monomorphic, call. */
abstract class BoundToOne implements BoundInstrument, SeriesHandle {
  /** `undefined` while unbound, or forgotten, or without room. */
  protected target: Accumulation<Interval> | undefined;
  readonly #instrument: BoundMeterInstrument;
  readonly #storage: Storage;
  readonly #attributes: Attributes;
  #series: Series | undefined;

  constructor(instrument: BoundMeterInstrument, storage: Storage, attributes: Attributes) {
    this.#instrument = instrument;
    this.#storage = storage;
    this.#attributes = attributes;
    this.#attach();
  }

  abstract record(value: number): void;

  add(value: number): void {
    this.record(value);
  }

  unbind(): void {
    const series = this.#series;
    if (series === undefined) return;
    this.detach();
    series.handles.splice(series.handles.indexOf(this), 1);
    if (series.handles.length === 0) this.#storage.end(series);
  }

  detach(): void {
    this.target = undefined;
    this.#series = undefined;
  }

  /** A value that may be refused, or a series that has to be found again. */
  protected recordSlowly(value: number): void {
    const accepted = this.#instrument.accept(value);
    if (accepted === undefined) return;
    if (this.target === undefined) this.#attach();
    if (this.target === undefined) this.#storage.refuse();
    else this.target.record(accepted);
  }

  #attach(): void {
    this.#series = this.#storage.resolve(this.#attributes, undefined);
    this.#series?.handles.push(this);
    this.target = this.#series?.accumulation;
  }
}

class BoundGauge extends BoundToOne {
  record(value: number): void {
    const target = this.target;
    if (typeof value === 'number' && target !== undefined) target.record(value);
    else this.recordSlowly(value);
  }
}

class BoundCounter extends BoundToOne {
  record(value: number): void {
    const target = this.target;
    if (value >= 0 && typeof value === 'number' && target !== undefined) target.record(value);
    else this.recordSlowly(value);
  }
}

class BoundHistogram extends BoundToOne {
  record(value: number): void {
    const target = this.target;
    if (value >= 0 && typeof value === 'number' && target !== undefined) target.record(value);
    else this.recordSlowly(value);
  }
}

/** Up-down counters and whole-number instruments, whose every value is looked at. */
class BoundCarefully extends BoundToOne {
  record(value: number): void {
    this.recordSlowly(value);
  }
}

function classFor({ descriptor, isInteger }: BoundMeterInstrument) {
  if (isInteger) return BoundCarefully;
  if (descriptor.kind === 'gauge') return BoundGauge;
  if (descriptor.kind === 'counter') return BoundCounter;
  return descriptor.kind === 'histogram' ? BoundHistogram : BoundCarefully;
}

/** Bound to the several streams that views or readers make of an instrument. */
class BoundToSeveral implements BoundInstrument {
  readonly #bound: readonly BoundInstrument[];

  constructor(bound: readonly BoundInstrument[]) {
    this.#bound = bound;
  }

  record(value: number): void {
    for (const bound of this.#bound) bound.record(value);
  }

  add(value: number): void {
    this.record(value);
  }

  unbind(): void {
    for (const bound of this.#bound) bound.unbind();
  }
}
