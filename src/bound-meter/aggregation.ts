/**
 * What a series does with its measurements. `Interval` is what it gathered between two collections, immutable once
 * taken: several readers may hold the same one.
 */
export interface Aggregation<Interval extends IntervalStart> {
  create(): Accumulation<Interval>;
  /** One interval from two that follow each other. */
  merge(earlier: Interval, later: Interval): Interval;
}

/** The running interval of one series: typed arrays that recording writes into. */
export interface Accumulation<Interval extends IntervalStart> {
  /** Never allocates in the steady state, and never throws. */
  record(value: number): void;
  /** Whether nothing was recorded since the last `take`. */
  readonly isEmpty: boolean;
  /** Hands over what was gathered and starts anew; `undefined` where nothing was recorded. */
  take(): Interval | undefined;
}

export interface IntervalStart {
  /** Epoch milliseconds of the first measurement. */
  readonly startMillis: number;
}
