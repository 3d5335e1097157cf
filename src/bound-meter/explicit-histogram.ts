import type { Accumulation, Aggregation, IntervalStart } from './aggregation.ts';
import type { Clock } from './clock.ts';

export interface ExplicitHistogramInterval extends IntervalStart {
  readonly kind: 'explicitHistogram';
  readonly count: number;
  readonly sum: number;
  /** Infinity and -Infinity while nothing was counted. */
  readonly min: number;
  readonly max: number;
  readonly bounds: number[];
  /** One more than there are bounds. */
  readonly counts: Float64Array;
}

/** Counts values between fixed bounds, each bound belonging to the bucket below it. */
export class ExplicitHistogramAggregation implements Aggregation<ExplicitHistogramInterval> {
  readonly #bounds: number[];
  readonly #clock: Clock;

  constructor(clock: Clock, bounds: readonly number[]) {
    this.#clock = clock;
    const finite = bounds.filter((bound) => Number.isFinite(bound));
    this.#bounds = finite.sort((a, b) => a - b);
  }

  create(): ExplicitHistogramAccumulation {
    return new ExplicitHistogramAccumulation(this.#clock, this.#bounds);
  }

  merge(earlier: ExplicitHistogramInterval, later: ExplicitHistogramInterval): ExplicitHistogramInterval {
    return {
      kind: 'explicitHistogram',
      startMillis: earlier.startMillis,
      count: earlier.count + later.count,
      sum: earlier.sum + later.sum,
      min: Math.min(earlier.min, later.min),
      max: Math.max(earlier.max, later.max),
      bounds: later.bounds,
      counts: earlier.counts.map((count, bucket) => count + (later.counts[bucket] ?? 0)),
    };
  }
}

const COUNT = 0;
const SUM = 1;
const MIN = 2;
const MAX = 3;

class ExplicitHistogramAccumulation implements Accumulation<ExplicitHistogramInterval> {
  readonly #clock: Clock;
  readonly #bounds: number[];
  readonly #counts: Float64Array;
  readonly #cells = new Float64Array(4);
  #startMillis = 0;

  constructor(clock: Clock, bounds: number[]) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
    this.#reset();
  }

  record(value: number): void {
    if (this.#startMillis === 0) this.#startMillis = this.#clock.now();
    if (Number.isNaN(value)) return;
    const cells = this.#cells;
    cells[COUNT] = (cells[COUNT] ?? 0) + 1;
    cells[SUM] = (cells[SUM] ?? 0) + value;
    cells[MIN] = Math.min(value, cells[MIN] ?? 0);
    cells[MAX] = Math.max(value, cells[MAX] ?? 0);
    const bucket = this.#bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  get isEmpty(): boolean {
    return this.#startMillis === 0;
  }

  take(): ExplicitHistogramInterval | undefined {
    if (this.#startMillis === 0) return undefined;
    const [count = 0, sum = 0, min = 0, max = 0] = this.#cells;
    const counts = this.#counts.slice();
    const startMillis = this.#startMillis;
    this.#reset();
    return { kind: 'explicitHistogram', startMillis, count, sum, min, max, bounds: this.#bounds, counts };
  }

  /** The first bucket whose bound is not below the value. */
  #bucketOf(value: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bounds[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #reset(): void {
    this.#startMillis = 0;
    this.#counts.fill(0);
    this.#cells[COUNT] = 0;
    this.#cells[SUM] = 0;
    this.#cells[MIN] = Infinity;
    this.#cells[MAX] = -Infinity;
  }
}
