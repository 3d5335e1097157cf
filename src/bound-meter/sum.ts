import type { Accumulation, Aggregation, IntervalStart } from './aggregation.ts';
import type { Clock } from './clock.ts';

export interface SumInterval extends IntervalStart {
  readonly kind: 'sum';
  readonly value: number;
}

/** Adds up. */
export class SumAggregation implements Aggregation<SumInterval> {
  readonly #isMonotonic: boolean;
  readonly #clock: Clock;

  constructor(clock: Clock, isMonotonic: boolean) {
    this.#clock = clock;
    this.#isMonotonic = isMonotonic;
  }

  create(): SumAccumulation {
    return new SumAccumulation(this.#clock, this.#isMonotonic);
  }

  merge(earlier: SumInterval, later: SumInterval): SumInterval {
    return { kind: 'sum', startMillis: earlier.startMillis, value: earlier.value + later.value };
  }
}

const VALUE = 0;
const START = 1;

class SumAccumulation implements Accumulation<SumInterval> {
  readonly #clock: Clock;
  readonly #isMonotonic: boolean;
  /** The sum, and when it began: 0 while nothing was recorded. */
  readonly #cells = new Float64Array(2);

  constructor(clock: Clock, isMonotonic: boolean) {
    this.#clock = clock;
    this.#isMonotonic = isMonotonic;
  }

  record(value: number): void {
    const cells = this.#cells;
    if (cells[START] === 0) cells[START] = this.#clock.now();
    if (this.#isMonotonic && value < 0) return;
    cells[VALUE] = (cells[VALUE] ?? 0) + value;
  }

  get isEmpty(): boolean {
    return this.#cells[START] === 0;
  }

  take(): SumInterval | undefined {
    const [value = 0, startMillis = 0] = this.#cells;
    if (startMillis === 0) return undefined;
    this.#cells.fill(0);
    return { kind: 'sum', startMillis, value };
  }
}
