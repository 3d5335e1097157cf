/** One call of the collector: what it was given, under the metrics' full names. */
export interface HistoryEntry {
  /** Epoch milliseconds. */
  readonly timestampMillis: number;
  /** The step of the call, or the last one known; `null` before the first. */
  readonly step: number | null;
  /** Values by metric name, NaN and infinities included. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What the values of one metric were like. */
export interface MetricStatistics {
  /** Of the finite values; `null` while there is none. */
  readonly min: number | null;
  /** Of the finite values; `null` while there is none. */
  readonly max: number | null;
  /** The value recorded last, which may be NaN or infinite. */
  readonly last: number;
  /** Values recorded, non-finite ones included. */
  readonly count: number;
  /** How many of them were NaN or infinite. */
  readonly nonFinite: number;
}

/** Everything collected since the start or the last `clear()`, also where the history no longer holds it. */
export interface MetricsSummary {
  /** Calls that recorded something. */
  readonly numMetrics: number;
  /** Of the first call, in epoch milliseconds; `null` while nothing was collected. */
  readonly firstTimestampMillis: number | null;
  /** Of the last call, in epoch milliseconds; `null` while nothing was collected. */
  readonly lastTimestampMillis: number | null;
  /** The last step known; `null` before the first. */
  readonly lastStep: number | null;
  /** The last `signal.training.loss`, which may be NaN or infinite; `null` before the first. */
  readonly lastLoss: number | null;
  /** By metric name. */
  readonly metrics: Readonly<Record<string, MetricStatistics>>;
}

/** The last entries of a run, oldest first. */
export interface MetricsHistory extends Iterable<HistoryEntry> {
  /** How many entries it holds at most: the oldest makes room for the newest. */
  readonly capacity: number;
  /** How many entries it holds now. */
  readonly length: number;
  /** The entry at `index`, 0 the oldest, -1 the newest. */
  at(index: number): HistoryEntry | undefined;
  /** The entries as a new array. */
  toArray(): HistoryEntry[];
  /** What `JSON.stringify` writes: the entries. */
  toJSON(): HistoryEntry[];
  /** Forgets every entry, and starts the summary anew. */
  clear(): void;
}

export class HistoryRing implements MetricsHistory {
  readonly capacity: number;
  readonly #entries: HistoryEntry[] = [];
  /** Where the oldest entry lies once the ring is full. */
  #oldest = 0;
  readonly #onClear: () => void;

  constructor(capacity: number, onClear: () => void = () => {}) {
    this.capacity = capacity;
    this.#onClear = onClear;
  }

  get length(): number {
    return this.#entries.length;
  }

  push(entry: HistoryEntry): void {
    if (this.capacity === 0) return;
    if (this.#entries.length < this.capacity) {
      this.#entries.push(entry);
      return;
    }
    this.#entries[this.#oldest] = entry;
    this.#oldest = (this.#oldest + 1) % this.capacity;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#oldest = 0;
    this.#onClear();
  }

  at(index: number): HistoryEntry | undefined {
    if (!Number.isInteger(index)) return undefined;
    const position = index < 0 ? this.length + index : index;
    if (position < 0 || position >= this.length) return undefined;
    return this.#entries[(this.#oldest + position) % this.length];
  }

  toArray(): HistoryEntry[] {
    return [...this];
  }

  toJSON(): HistoryEntry[] {
    return this.toArray();
  }

  *[Symbol.iterator](): IterableIterator<HistoryEntry> {
    yield* this.#entries.slice(this.#oldest);
    yield* this.#entries.slice(0, this.#oldest);
  }
}

/** Running statistics of one metric's values. */
export class ValueStatistics {
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #last = Number.NaN;
  #count = 0;
  #nonFinite = 0;

  add(value: number): void {
    this.#last = value;
    this.#count += 1;
    if (!Number.isFinite(value)) {
      this.#nonFinite += 1;
      return;
    }
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  summary(): MetricStatistics {
    const hasFinite = this.#count > this.#nonFinite;
    return {
      min: hasFinite ? this.#min : null,
      max: hasFinite ? this.#max : null,
      last: this.#last,
      count: this.#count,
      nonFinite: this.#nonFinite,
    };
  }
}

/** Running statistics of a run: constant memory a metric, whatever the number of steps. */
export class RunStatistics {
  #numMetrics = 0;
  #firstTimestampMillis: number | null = null;
  #lastTimestampMillis: number | null = null;
  #lastStep: number | null = null;
  readonly #metrics = new Map<string, ValueStatistics>();

  /** @param names of the entry's metrics. */
  add(entry: HistoryEntry, names: readonly string[] = Object.keys(entry.metrics)): void {
    this.#numMetrics += 1;
    this.#firstTimestampMillis ??= entry.timestampMillis;
    this.#lastTimestampMillis = entry.timestampMillis;
    this.#lastStep = entry.step ?? this.#lastStep;
    for (const name of names) this.#addValue(name, entry.metrics[name] ?? Number.NaN);
  }

  clear(): void {
    this.#numMetrics = 0;
    this.#firstTimestampMillis = null;
    this.#lastTimestampMillis = null;
    this.#lastStep = null;
    this.#metrics.clear();
  }

  summary(): MetricsSummary {
    const metrics: Record<string, MetricStatistics> = {};
    for (const [name, statistics] of this.#metrics) metrics[name] = statistics.summary();
    return {
      numMetrics: this.#numMetrics,
      firstTimestampMillis: this.#firstTimestampMillis,
      lastTimestampMillis: this.#lastTimestampMillis,
      lastStep: this.#lastStep,
      lastLoss: metrics['signal.training.loss']?.last ?? null,
      metrics,
    };
  }

  #addValue(name: string, value: number): void {
    let known = this.#metrics.get(name);
    if (known === undefined) {
      known = new ValueStatistics();
      this.#metrics.set(name, known);
    }
    known.add(value);
  }
}
