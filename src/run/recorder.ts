import type { Attributes, Meter } from '@opentelemetry/api';
import type { MetricKind } from '../catalogue/index.ts';
import { type BoundInstrument, bind } from '../otel/bind.ts';
import { isFiniteFor } from '../otel/finite.ts';
import { instrumentsOf } from '../otel/instruments.ts';
import type { SignalMeter } from '../otel/meter.ts';
import type { RunAttributes } from './run-attributes.ts';
import { isRecordable, NON_FINITE } from './values.ts';

/** Writes values of one run to the meter, its attributes bound once per metric. */
export class RunRecorder {
  readonly #source: SignalMeter;
  readonly #attributes: RunAttributes;
  #meter: Meter;
  readonly #bound = new Map<string, BoundInstrument>();

  constructor(source: SignalMeter, attributes: RunAttributes) {
    this.#source = source;
    this.#attributes = attributes;
    this.#meter = source.current();
  }

  /**
   * Records a value, or counts it where it is NaN or infinite.
   * @param extra attributes beside the run's, such as an error's type.
   * @returns what the history keeps: the number, or `undefined` where it was none or the name cannot be recorded.
   */
  record(name: string, kind: MetricKind, value: unknown, extra?: Attributes): number | undefined {
    if (!isRecordable(name, kind, value)) return undefined;
    const bound = this.#boundTo(name, kind, extra);
    if (bound === undefined) return undefined;
    if (isFiniteFor(kind, value)) bound.record(value);
    else this.#boundTo(NON_FINITE, 'counter', { metric: name })?.record(1);
    return value;
  }

  /** Ends the run's series. A later record starts them anew. */
  end(): void {
    for (const bound of this.#bound.values()) bound.unbind();
    this.#bound.clear();
  }

  #boundTo(name: string, kind: MetricKind, extra?: Attributes): BoundInstrument | undefined {
    this.#followMeter();
    const key = extra === undefined ? name : `${name} ${JSON.stringify(extra)}`;
    let bound = this.#bound.get(key);
    if (bound === undefined) {
      const instrument = instrumentsOf(this.#meter).get(name, kind);
      if (instrument === undefined) return undefined;
      const own = this.#attributes.of(name);
      bound = bind(instrument, extra === undefined ? own : Object.freeze({ ...own, ...extra }));
      this.#bound.set(key, bound);
    }
    return bound;
  }

  /** A provider may be registered after the collector was made: what is bound to the no-op meter is bound anew. */
  #followMeter(): void {
    const meter = this.#source.current();
    if (meter === this.#meter) return;
    this.#meter = meter;
    this.#bound.clear();
  }
}
