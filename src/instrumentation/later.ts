import { guard } from '../run/guard.ts';

const waiting = new Set<() => void>();

/** Does something in the next turn of the event loop, when the caller has gone on. */
export function later(task: () => void): void {
  if (waiting.size === 0) setImmediate(doNow);
  waiting.add(task);
}

/** Does at once what waits for the next turn: there may be none. */
export function doNow(): void {
  for (const task of waiting) {
    waiting.delete(task);
    guard('instrumentation', task);
  }
}
