import type { HistoryEntry } from '../run/history.ts';
import type { ObservedRun, RunEvent, RunObserver } from '../run/run-observer.ts';
import { LiveRun } from './live-run.ts';
import type { WireProgress, WireUpdate } from './protocol.ts';

/** The one that has been quiet for longest gives way. */
const MAX_RUNS = 30;

/** Events of runs that are not there yet. */
const MAX_EARLY_EVENTS = 100;

/** The runs of this process, at bounded size. */
export class RunStore implements RunObserver {
  /** By their last sign of life, the oldest first. */
  readonly #byActivity = new Map<string, LiveRun>();
  /** In the order in which they began. */
  readonly #runs = new Set<LiveRun>();
  /** Of runs that have not recorded anything: the oldest gives way. */
  readonly #early: { readonly event: RunEvent; readonly timestampMillis: number }[] = [];
  #isNew = false;

  kept(run: ObservedRun, entry: HistoryEntry): void {
    this.#runOf(run).add(run, entry);
  }

  /** What happens before a run has recorded anything, such as its start, is kept until it does. */
  happened(event: RunEvent): void {
    const run = this.#byActivity.get(event.runId);
    const timestampMillis = Date.now();
    if (run !== undefined) run.happened(event, timestampMillis);
    else if (this.#early.push({ event, timestampMillis }) > MAX_EARLY_EVENTS) this.#early.shift();
  }

  ended({ runId }: ObservedRun): void {
    this.#byActivity.get(runId)?.end();
  }

  get isEmpty(): boolean {
    return this.#runs.size === 0;
  }

  /** What is new since the last time; `undefined` where nothing is. */
  take(): WireUpdate | undefined {
    const runs = [...this.#runs].flatMap((run) => run.take() ?? []);
    if (runs.length === 0 && !this.#isNew) return undefined;
    this.#isNew = false;
    return { runIds: this.#runIds(), runs };
  }

  /** All there is. */
  toWire(): WireUpdate {
    return { runIds: this.#runIds(), runs: [...this.#runs].map((run) => run.toWire()) };
  }

  /** Of the run that began last. */
  progress(): WireProgress {
    const runs = [...this.#runs];
    const active = runs.filter(({ isEnded }) => !isEnded);
    const newest = active.at(-1) ?? runs.at(-1);
    return { run: newest?.progress() ?? null, others: Math.max(0, active.length - 1) };
  }

  #runIds(): string[] {
    return [...this.#runs].map(({ runId }) => runId);
  }

  #runOf(observed: ObservedRun): LiveRun {
    const known = this.#byActivity.get(observed.runId);
    if (known !== undefined) {
      this.#byActivity.delete(observed.runId);
      this.#byActivity.set(observed.runId, known);
      return known;
    }
    const run = new LiveRun(observed);
    this.#byActivity.set(observed.runId, run);
    this.#runs.add(run);
    this.#isNew = true;
    this.#giveEarlyEvents(run);
    this.#makeRoom();
    return run;
  }

  #giveEarlyEvents(run: LiveRun): void {
    const all = this.#early.splice(0);
    for (const early of all) {
      if (early.event.runId === run.runId) run.happened(early.event, early.timestampMillis);
      else this.#early.push(early);
    }
  }

  #makeRoom(): void {
    for (const [runId, run] of this.#byActivity) {
      if (this.#byActivity.size <= MAX_RUNS) return;
      this.#byActivity.delete(runId);
      this.#runs.delete(run);
    }
  }
}
