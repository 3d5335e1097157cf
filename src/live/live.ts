import { isMainThread } from 'node:worker_threads';
import { log } from '../otel/diagnostics.ts';
import { observeRuns } from '../run/run-observer.ts';
import { RunStore } from './run-store.ts';
import { serveLivePage } from './server.ts';

export interface LiveOptions {
  readonly port: number;
  /** Is told once that something is recorded in this process. */
  readonly onFirstRun: () => void;
}

/**
 * Shows the runs of this process on a page of its own, from now on to its end. Worker threads, which often record
 * nothing, open one of theirs with their first run.
 */
export function startLive({ port, onFirstRun }: LiveOptions): void {
  const store = new RunStore();
  const open = () => serveLivePage({ store, port, log });
  if (isMainThread) open();
  observeRuns({
    kept: (run, entry) => {
      const isFirst = store.isEmpty;
      store.kept(run, entry);
      if (!isFirst) return;
      if (!isMainThread) open();
      onFirstRun();
    },
    happened: (event) => store.happened(event),
    ended: (run) => store.ended(run),
  });
}
