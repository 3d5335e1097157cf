import type { Attributes, Counter, Meter, MetricOptions, UpDownCounter } from '@opentelemetry/api';
import { warnOnce } from './diagnostics.ts';

/** Series whose totals a counter remembers; one of more than these is no count of things in progress. */
const MAX_SERIES = 1_000;

/** How many more totals the counters of one meter may remember, together. */
export interface TotalsBudget {
  left: number;
}

/**
 * A counter that may turn out to go down. Most only go up, and a count is what backends make of them; but something that
 * is counted up before it is counted down, such as requests in progress, is an up-down counter from its first decrement
 * on, and begins there at what was counted until then.
 */
export class CustomCounter implements UpDownCounter {
  readonly #meter: Meter;
  readonly #name: string;
  readonly #options: MetricOptions;
  #instrument: Counter | UpDownCounter;
  #goesDown = false;
  readonly #budget: TotalsBudget;
  readonly #totals = new Map<string, { readonly attributes: Attributes; value: number }>();

  constructor(meter: Meter, name: string, options: MetricOptions, budget: TotalsBudget) {
    this.#budget = budget;
    this.#meter = meter;
    this.#name = name;
    this.#options = options;
    this.#instrument = meter.createCounter(name, options);
  }

  /** @param attributes frozen: they are kept. */
  add(value: number, attributes: Attributes = {}): void {
    if (value < 0 && !this.#goesDown) this.#lower();
    if (!this.#goesDown) this.#remember(value, attributes);
    this.#instrument.add(value, attributes);
  }

  #lower(): void {
    this.#goesDown = true;
    this.#instrument = this.#meter.createUpDownCounter(this.#name, this.#options);
    if (this.#totals.size === 0) return;
    warnOnce(`lower:${this.#name}`, `${this.#name} counted up and now counts down: it goes on as an up-down counter`);
    for (const { attributes, value } of this.#totals.values()) this.#instrument.add(value, attributes);
    this.#budget.left += this.#totals.size;
    this.#totals.clear();
  }

  #remember(value: number, attributes: Attributes): void {
    const key = JSON.stringify(Object.entries(attributes).sort());
    const known = this.#totals.get(key);
    if (known !== undefined) known.value += value;
    else if (this.#totals.size < MAX_SERIES && this.#budget.left > 0) {
      this.#budget.left -= 1;
      this.#totals.set(key, { attributes, value });
    }
  }
}
