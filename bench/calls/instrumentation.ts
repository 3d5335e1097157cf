import { start } from '../support/package.ts';
import { Listeners } from './listeners.ts';
import type { Subject } from './subject.ts';

/** The package as `signal-otel/register` starts it. */
export function create(): Subject {
  const listeners = new Listeners();
  const running = start();
  return { turn: (on) => listeners.turn(on), settle: () => running.forceFlush() };
}
