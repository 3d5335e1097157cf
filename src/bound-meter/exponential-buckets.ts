/** The range of a set of buckets, by index; empty where `high` is below `low`. */
export interface IndexRange {
  readonly low: number;
  readonly high: number;
}

/**
 * Counts of base-2 exponential buckets, the positive or the negative ones: bucket `index` at scale `s` counts values
 * above 2^(index / 2^s) and up to 2^((index + 1) / 2^s). The array holds a contiguous range of indices.
 */
export class ExponentialBuckets {
  #counts = new Float64Array(8);
  /** The index that counts[0] stands for. */
  #base = 0;
  #low = 0;
  #high = -1;

  get isEmpty(): boolean {
    return this.#high < this.#low;
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#high;
  }

  /** The index of the first bucket, 0 where there is none. */
  get offset(): number {
    return this.isEmpty ? 0 : this.#low;
  }

  /** Counts one more in a bucket of the present range. @returns whether the bucket is in it. */
  incrementHeld(index: number): boolean {
    if (index < this.#low || index > this.#high) return false;
    const at = index - this.#base;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    return true;
  }

  increment(index: number, by: number): void {
    if (this.isEmpty) {
      this.#base = index - (this.#counts.length >> 1);
      this.#low = index;
      this.#high = index;
    } else if (index < this.#low || index > this.#high) {
      this.#cover(Math.min(index, this.#low), Math.max(index, this.#high));
    }
    const at = index - this.#base;
    this.#counts[at] = (this.#counts[at] ?? 0) + by;
  }

  /** The counts from the first bucket to the last. */
  toArray(): number[] {
    // Array.from walks a typed array by its iterator, which takes ten times as long.
    const first = this.#low - this.#base;
    const counts = new Array<number>(this.#high - this.#low + 1);
    for (let bucket = 0; bucket < counts.length; bucket++) counts[bucket] = this.#counts[first + bucket] ?? 0;
    return counts;
  }

  /** Joins 2^`change` neighbours into one bucket each. */
  downscale(change: number): void {
    if (this.isEmpty || change === 0) return;
    const low = this.#low >> change;
    const base = low - (this.#low - this.#base);
    for (let index = this.#low; index <= this.#high; index++) {
      const from = index - this.#base;
      const count = this.#counts[from] ?? 0;
      this.#counts[from] = 0;
      const to = (index >> change) - base;
      this.#counts[to] = (this.#counts[to] ?? 0) + count;
    }
    this.#base = base;
    this.#low = low;
    this.#high >>= change;
  }

  clear(): void {
    if (!this.isEmpty) this.#counts.fill(0, this.#low - this.#base, this.#high - this.#base + 1);
    this.#low = 0;
    this.#high = -1;
  }

  /** Widens the range, moving the counts where the array has no room on that side. */
  #cover(low: number, high: number): void {
    if (low < this.#base || high - this.#base >= this.#counts.length) this.#makeRoom(low, high - low + 1);
    this.#low = low;
    this.#high = high;
  }

  #makeRoom(low: number, needed: number): void {
    const from = this.#low - this.#base;
    const until = this.#high - this.#base + 1;
    const size = Math.max(this.#counts.length, 2 ** Math.ceil(Math.log2(needed)));
    // Room on both sides: the next value outside may be a lower or a higher one.
    const base = low - ((size - needed) >> 1);
    const to = this.#low - base;
    if (size > this.#counts.length) {
      const larger = new Float64Array(size);
      larger.set(this.#counts.subarray(from, until), to);
      this.#counts = larger;
    } else {
      this.#counts.copyWithin(to, from, until);
      this.#counts.fill(0, 0, to);
      this.#counts.fill(0, to + until - from);
    }
    this.#base = base;
  }
}
