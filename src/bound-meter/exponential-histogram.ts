import type { Accumulation, Aggregation, IntervalStart } from './aggregation.ts';
import type { Clock } from './clock.ts';
import { ExponentialBuckets, type IndexRange } from './exponential-buckets.ts';
import { bucketIndex, scaleChange } from './exponential-scale.ts';

export interface ExponentialHistogramInterval extends IntervalStart {
  readonly kind: 'exponentialHistogram';
  readonly count: number;
  readonly sum: number;
  readonly zeroCount: number;
  /** Infinity and -Infinity while nothing was counted. */
  readonly min: number;
  readonly max: number;
  /** The scale that its buckets are at; the finest one while there are none. */
  readonly scale: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
}

export interface Buckets {
  /** The index of the first bucket. */
  readonly offset: number;
  readonly counts: number[];
}

/** Counts values in buckets that grow exponentially, as fine as the range of the values and the limit allow. */
export class ExponentialHistogramAggregation implements Aggregation<ExponentialHistogramInterval> {
  readonly #clock: Clock;
  readonly #maxBuckets: number;
  readonly #maxScale: number;

  /**
   * @param maxBuckets of the positive and of the negative values each; at least 2.
   * @param maxScale the scale to begin with. Few values close to each other would otherwise lie scattered over as many
   * buckets as there may be, finer than anybody needs, and almost all of them empty.
   */
  constructor(clock: Clock, maxBuckets: number, maxScale: number) {
    this.#clock = clock;
    this.#maxBuckets = Math.max(2, maxBuckets);
    this.#maxScale = maxScale;
  }

  create(): ExponentialHistogramAccumulation {
    return new ExponentialHistogramAccumulation(this.#clock, this.#maxBuckets, this.#maxScale);
  }

  merge(earlier: ExponentialHistogramInterval, later: ExponentialHistogramInterval): ExponentialHistogramInterval {
    const merged = this.create();
    merged.add(later);
    merged.merge(earlier);
    return merged.interval(earlier.startMillis);
  }
}

class ExponentialHistogramAccumulation implements Accumulation<ExponentialHistogramInterval> {
  readonly #clock: Clock;
  readonly #maxBuckets: number;
  #startMillis = 0;
  #count = 0;
  #sum = 0;
  #zeroCount = 0;
  #min = Infinity;
  #max = -Infinity;
  readonly #maxScale: number;
  #scale: number;
  readonly #positive = new ExponentialBuckets();
  readonly #negative = new ExponentialBuckets();

  constructor(clock: Clock, maxBuckets: number, maxScale: number) {
    this.#clock = clock;
    this.#maxBuckets = maxBuckets;
    this.#maxScale = maxScale;
    this.#scale = maxScale;
  }

  record(value: number): void {
    if (this.#startMillis === 0) this.#startMillis = this.#clock.now();
    if (!Number.isFinite(value)) return;
    if (value > this.#max) this.#max = value;
    if (value < this.#min) this.#min = value;
    this.#count += 1;
    if (value === 0) {
      this.#zeroCount += 1;
      return;
    }
    this.#sum += value;
    if (value > 0) this.#countIn(this.#positive, value);
    else this.#countIn(this.#negative, -value);
  }

  get isEmpty(): boolean {
    return this.#startMillis === 0;
  }

  take(): ExponentialHistogramInterval | undefined {
    if (this.#startMillis === 0) return undefined;
    const taken = this.interval(this.#startMillis);
    this.#startMillis = 0;
    this.#count = 0;
    this.#sum = 0;
    this.#zeroCount = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
    this.#scale = this.#maxScale;
    this.#positive.clear();
    this.#negative.clear();
    return taken;
  }

  /** Takes over another's content while it has none of its own. */
  add(other: ExponentialHistogramInterval): void {
    this.#count = other.count;
    this.#sum = other.sum;
    this.#zeroCount = other.zeroCount;
    this.#min = other.min;
    this.#max = other.max;
    this.#scale = other.scale;
    addBuckets(this.#positive, other.positive, 0);
    addBuckets(this.#negative, other.negative, 0);
  }

  /** Adds an earlier interval. The scales meet where the official SDK has them meet. */
  merge(earlier: ExponentialHistogramInterval): void {
    this.#min = Math.min(this.#min, earlier.min);
    this.#max = Math.max(this.#max, earlier.max);
    this.#sum += earlier.sum;
    this.#count += earlier.count;
    this.#zeroCount += earlier.zeroCount;
    const ownScale = shownScale(this.#count, this.#zeroCount, this.#scale);
    const earlierScale = shownScale(earlier.count, earlier.zeroCount, earlier.scale);
    const scale = this.#commonScale(ownScale, earlier, earlierScale);
    this.#downscale(ownScale - scale);
    addBuckets(this.#positive, earlier.positive, earlierScale - scale);
    addBuckets(this.#negative, earlier.negative, earlierScale - scale);
  }

  interval(startMillis: number): ExponentialHistogramInterval {
    return {
      kind: 'exponentialHistogram',
      startMillis,
      count: this.#count,
      sum: this.#sum,
      zeroCount: this.#zeroCount,
      min: this.#min,
      max: this.#max,
      scale: this.#scale,
      positive: { offset: this.#positive.offset, counts: this.#positive.toArray() },
      negative: { offset: this.#negative.offset, counts: this.#negative.toArray() },
    };
  }

  #countIn(buckets: ExponentialBuckets, magnitude: number): void {
    const index = bucketIndex(magnitude, this.#scale);
    if (!buckets.incrementHeld(index)) this.#countOutside(buckets, magnitude, index);
  }

  /** Counts a value beyond the range so far: where that gets too wide, all buckets become coarser. */
  #countOutside(buckets: ExponentialBuckets, magnitude: number, index: number): void {
    const change = buckets.isEmpty
      ? 0
      : scaleChange(Math.min(index, buckets.low), Math.max(index, buckets.high), this.#maxBuckets);
    this.#downscale(change);
    buckets.increment(change === 0 ? index : bucketIndex(magnitude, this.#scale), 1);
  }

  #downscale(change: number): void {
    if (change === 0) return;
    this.#positive.downscale(change);
    this.#negative.downscale(change);
    this.#scale -= change;
  }

  #commonScale(ownScale: number, earlier: ExponentialHistogramInterval, earlierScale: number): number {
    const scale = Math.min(ownScale, earlierScale);
    const change = (own: ExponentialBuckets, theirs: Buckets) => {
      const { low, high } = union(
        rangeAt(own.low, own.high, ownScale - scale),
        rangeAt(theirs.offset, theirs.offset + theirs.counts.length - 1, earlierScale - scale),
      );
      return scaleChange(low, high, this.#maxBuckets);
    };
    return scale - Math.max(change(this.#positive, earlier.positive), change(this.#negative, earlier.negative));
  }
}

/** The scale that a histogram shows: without any bucket none is finer than another, and the SDK says 0. */
export function shownScale(count: number, zeroCount: number, scale: number): number {
  return count === zeroCount ? 0 : scale;
}

/** No buckets are the range from 0 to -1, which widens a union to 0: the official SDK does so, and readers compare. */
function rangeAt(low: number, high: number, shift: number): IndexRange {
  return high < low ? { low: 0, high: -1 } : { low: low >> shift, high: high >> shift };
}

function union(a: IndexRange, b: IndexRange): IndexRange {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

function addBuckets(own: ExponentialBuckets, { offset, counts }: Buckets, shift: number): void {
  for (const [position, count] of counts.entries()) {
    if (count > 0) own.increment((offset + position) >> shift, count);
  }
}
