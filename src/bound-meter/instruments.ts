import { type Attributes, type Context, diag, ValueType } from '@opentelemetry/api';
import { type BoundInstrument, bindTo } from './bound-instruments.ts';
import { frozenCopy } from './series.ts';
import type { Storage } from './storage.ts';
import { type InstrumentDescriptor, onlyRises } from './stream.ts';

/** A synchronous instrument of the bound meter: counter, up-down counter, gauge and histogram in one. */
export class BoundMeterInstrument {
  readonly descriptor: InstrumentDescriptor;
  readonly #storages: readonly Storage[];
  readonly #refusesNegative: boolean;
  readonly isInteger: boolean;

  constructor(descriptor: InstrumentDescriptor, storages: readonly Storage[]) {
    this.descriptor = descriptor;
    this.#storages = storages;
    this.#refusesNegative = onlyRises(descriptor.kind);
    this.isInteger = descriptor.valueType === ValueType.INT;
  }

  record(value: number, attributes: Attributes = {}, context?: Context): void {
    const accepted = this.accept(value);
    if (accepted === undefined) return;
    for (const storage of this.#storages) {
      const series = storage.resolve(attributes, context);
      if (series === undefined) storage.refuse();
      else series.accumulation.record(accepted);
    }
  }

  add(value: number, attributes?: Attributes, context?: Context): void {
    this.record(value, attributes, context);
  }

  /**
   * Binds a set of attributes, which is copied: the specification's Bind. Attribute processing and the decision whether
   * there is room for the series happen here, once.
   */
  bind(attributes: Attributes): BoundInstrument {
    return bindTo(this, this.#storages, frozenCopy(attributes));
  }

  /** The value to record, or `undefined` for one that the SDK refuses too, with the warning that it gives. */
  accept(value: number): number | undefined {
    if (typeof value !== 'number') return this.#refuse('non-number', value);
    if (this.#refusesNegative && value < 0) return this.#refuse('negative', value);
    if (this.isInteger && !Number.isInteger(value)) return this.#truncate(value);
    return value;
  }

  #truncate(value: number): number | undefined {
    diag.warn(`INT value type cannot accept a floating-point value for ${this.descriptor.name}, ignoring the fraction`);
    const truncated = Math.trunc(value);
    return Number.isInteger(truncated) ? truncated : undefined;
  }

  #refuse(problem: string, value: unknown): undefined {
    diag.warn(`${problem} value provided to ${this.descriptor.kind} ${this.descriptor.name}: ${String(value)}`);
  }
}
