/** How many durations a percentile is of: enough for a p99, and few enough to follow a change. */
const WINDOW = 100;

/** Percentiles of the last values, kept in order so that reading them costs nothing. */
export class RollingQuantiles {
  readonly #recent = new Float64Array(WINDOW);
  readonly #sorted = new Float64Array(WINDOW);
  #length = 0;
  #next = 0;

  add(value: number): void {
    if (this.#length === WINDOW) this.#remove(this.#recent[this.#next] ?? 0);
    const at = this.#placeOf(value);
    this.#sorted.copyWithin(at + 1, at, this.#length);
    this.#sorted[at] = value;
    this.#length += 1;
    this.#recent[this.#next] = value;
    this.#next = (this.#next + 1) % WINDOW;
  }

  /** The smallest value that at least this share of them does not exceed; NaN where there is none. */
  quantile(share: number): number {
    if (this.#length === 0) return Number.NaN;
    return this.#sorted[Math.max(0, Math.ceil(share * this.#length) - 1)] ?? Number.NaN;
  }

  #remove(value: number): void {
    const at = this.#placeOf(value);
    this.#sorted.copyWithin(at, at + 1, this.#length);
    this.#length -= 1;
  }

  /** Of the first that is not smaller. */
  #placeOf(value: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
