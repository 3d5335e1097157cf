import type { Attributes, Context, Counter, Gauge, Histogram } from '@opentelemetry/api';
import type { MetricKind } from '../catalogue/index.ts';
import { toAttributes } from './attributes.ts';
import { type SyncInstrument, write } from './bind.ts';
import { warnOnce } from './diagnostics.ts';
import { errorType } from './errors.ts';
import { isFiniteFor } from './finite.ts';

/**
 * An instrument for whoever records without a collector. Those of any SDK throw where a value cannot be made a text, and
 * a counter that was once given NaN is NaN for ever; this one leaves such values out, with one warning.
 */
export class SafeInstrument implements Counter, Gauge, Histogram {
  readonly #name: string;
  readonly #kind: MetricKind;
  readonly #instrument: SyncInstrument;

  constructor(name: string, kind: MetricKind, instrument: SyncInstrument) {
    this.#name = name;
    this.#kind = kind;
    this.#instrument = instrument;
  }

  add(value: number, attributes?: Attributes, context?: Context): void {
    this.record(value, attributes, context);
  }

  record(value: number, attributes?: Attributes, context?: Context): void {
    try {
      if (isFiniteFor(this.#kind, value) && (value >= 0 || this.#kind === 'gauge')) {
        write(this.#instrument, value, toAttributes(attributes), context);
      } else {
        const expected = this.#kind === 'gauge' ? 'a finite number' : 'a finite number from 0';
        warnOnce(`instrument:${this.#name}`, `${this.#name} takes ${expected}; what is none is not recorded`);
      }
    } catch (error) {
      warnOnce(`instrument:${this.#name}`, `${this.#name} could not be recorded: ${errorType(error)}`);
    }
  }
}
