/** A map of a limited size: a new entry pushes out the oldest. */
export class RecentMap<V> {
  readonly #maxSize: number;
  readonly #entries = new Map<string, V>();

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size > this.#maxSize) {
      this.#entries.delete(oldest);
    }
  }
}
