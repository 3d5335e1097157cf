/** What is kept of a collector: it must not be in the way of its end. */
interface RunCollector {
  readonly runId: string;
}

/** The collectors that the host has made itself and not ended, the last of each run. */
export class OwnCollectors<Collector extends RunCollector> {
  readonly #byRun = new Map<string, WeakRef<Collector>>();
  readonly #forgotten = new FinalizationRegistry<string>((runId) => {
    if (this.#byRun.get(runId)?.deref() === undefined) this.#byRun.delete(runId);
  });

  add(collector: Collector): void {
    this.#byRun.set(collector.runId, new WeakRef(collector));
    this.#forgotten.register(collector, collector.runId);
  }

  get(runId: string): Collector | undefined {
    return this.#byRun.get(runId)?.deref();
  }

  *[Symbol.iterator](): Iterator<Collector> {
    for (const reference of this.#byRun.values()) {
      const collector = reference.deref();
      if (collector !== undefined) yield collector;
    }
  }

  delete(collector: Collector): void {
    if (this.get(collector.runId) === collector) this.#byRun.delete(collector.runId);
  }
}
