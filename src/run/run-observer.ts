import type { HealthRule } from '../catalogue/index.ts';
import type { AlertType } from '../otel/events.ts';
import { guard } from './guard.ts';
import type { CheckHealth } from './health.ts';
import type { HistoryEntry } from './history.ts';

/** What an observer may ask a run's collector. */
export interface ObservedRun {
  readonly runId: string;
  readonly model: string | undefined;
  /** Those by which it is judged. */
  readonly healthRules: readonly HealthRule[];
  getHealth(): CheckHealth[];
}

/** Something that happened to a run: an event of the host's, or an alarm or a recovery by a health rule. */
export interface RunEvent {
  readonly runId: string;
  readonly step: number | null;
  readonly title: string;
  readonly text: string;
  readonly alertType: AlertType;
}

/** Is told what the collectors of this process do, within the very call that does it. */
export interface RunObserver {
  /** One call's values, or one that was seen beside the training. */
  kept(run: ObservedRun, entry: HistoryEntry): void;
  happened(event: RunEvent): void;
  ended(run: ObservedRun): void;
}

let observer: RunObserver | undefined;

/**
 * There is one at a time; it takes the place of the one before.
 * @returns ends it.
 */
export function observeRuns(added: RunObserver): () => void {
  observer = added;
  return () => {
    if (observer === added) observer = undefined;
  };
}

export function isObserved(): boolean {
  return observer !== undefined;
}

export function tellKept(run: ObservedRun, entry: HistoryEntry): void {
  if (observer !== undefined) tell(observer, (listener) => listener.kept(run, entry));
}

export function tellHappened(event: RunEvent): void {
  if (observer !== undefined) tell(observer, (listener) => listener.happened(event));
}

export function tellEnded(run: ObservedRun): void {
  if (observer !== undefined) tell(observer, (listener) => listener.ended(run));
}

/** What it throws must not reach the training. */
function tell(listener: RunObserver, what: (listener: RunObserver) => void): void {
  guard('observer', () => what(listener));
}
