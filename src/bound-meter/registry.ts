import type { Series } from './series.ts';

/** What has series: a stream's storage. */
export interface SeriesOwner {
  /** Of the stream. */
  readonly name: string;
  /** How many series there are. */
  readonly size: number;
  /** Series that recorded nothing since the last collection and owe no reader anything. */
  idleSeries(): Series[];
  forget(series: Series): void;
}

/** What could not be kept as it was recorded, in total. */
export interface Losses {
  /** Points of gauges that gave way because a buffer was full. */
  pointsReduced: number;
  /** Series that were forgotten early to make room. */
  seriesEvicted: number;
  /** Measurements that found no room for their series. */
  measurementsRefused: number;
}

/** The share of the limit that is freed at once: looking for idle series is a walk over all of them. */
const EVICTED_SHARE = 0.01;

/** Counts the series of all storages and makes room: ended ones go first, then idle ones; live ones never. */
export class SeriesRegistry {
  readonly #limit: number;
  readonly #losses: Losses;
  readonly #onFull: () => void;
  #size = 0;
  readonly #ended = new Map<Series, SeriesOwner>();
  readonly #owners: SeriesOwner[] = [];
  /** Set while there is nothing to evict; a collection changes that. */
  #isFull = false;

  /** @param onFull is called whenever a series finds no room. */
  constructor(limit: number, losses: Losses, onFull: () => void) {
    this.#limit = limit;
    this.#losses = losses;
    this.#onFull = onFull;
  }

  addOwner(owner: SeriesOwner): void {
    this.#owners.push(owner);
  }

  /** How many series there are, of all owners. */
  get size(): number {
    return this.#size;
  }

  /** The same by the names of their streams. */
  sizes(): Record<string, number> {
    const sizes: Record<string, number> = {};
    for (const { name, size } of this.#owners) if (size > 0) sizes[name] = (sizes[name] ?? 0) + size;
    return sizes;
  }

  /** Whether there is room for one more. */
  admit(): boolean {
    if (this.#size >= this.#limit && !this.#isFull) this.#evict();
    if (this.#size >= this.#limit) {
      this.#onFull();
      return false;
    }
    this.#size += 1;
    return true;
  }

  noteRefused(): void {
    this.#losses.measurementsRefused += 1;
  }

  noteEnded(series: Series, owner: SeriesOwner): void {
    this.#ended.set(series, owner);
    this.#isFull = false;
  }

  noteRevived(series: Series): void {
    this.#ended.delete(series);
  }

  noteForgotten(series: Series): void {
    this.#ended.delete(series);
    this.#size -= 1;
    this.#isFull = false;
  }

  noteCollected(): void {
    this.#isFull = false;
  }

  #evict(): void {
    const wanted = Math.max(1, Math.ceil(this.#limit * EVICTED_SHARE));
    let evicted = 0;
    for (const [series, owner] of this.#ended) {
      if (evicted >= wanted) break;
      owner.forget(series);
      evicted += 1;
    }
    for (const { owner, series } of this.#idle(wanted - evicted)) {
      owner.forget(series);
      evicted += 1;
    }
    this.#isFull = evicted === 0;
    this.#losses.seriesEvicted += evicted;
  }

  /** The longest idle series, at most `count`. */
  #idle(count: number): { owner: SeriesOwner; series: Series }[] {
    if (count <= 0) return [];
    const idle = this.#owners.flatMap((owner) => owner.idleSeries().map((series) => ({ owner, series })));
    const since = ({ idleSinceMillis }: Series) => idleSinceMillis || Infinity;
    return idle.sort((a, b) => Math.sign(since(a.series) - since(b.series)) || 0).slice(0, count);
  }
}
