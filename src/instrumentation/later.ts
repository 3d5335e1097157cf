import { guard } from '../run/guard.ts';

const waiting = new Set<() => void>();

/** By then the caller has sent what comes next, and waits for the server: the next turn would come before that. */
const DELAY_MILLIS = 1;

/** Does something a moment later, when the caller has gone on. The process does not stay alive for it. */
export function later(task: () => void): void {
  if (waiting.size === 0) setTimeout(doNow, DELAY_MILLIS).unref();
  waiting.add(task);
}

/** Does at once what waits: there may be no later. */
export function doNow(): void {
  for (const task of waiting) {
    waiting.delete(task);
    guard('instrumentation', task);
  }
}
