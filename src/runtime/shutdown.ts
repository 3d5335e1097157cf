import type { Worker } from 'node:worker_threads';
import { log } from '../otel/diagnostics.ts';
import { load } from '../otel/load.ts';
import type { WorkerThreads } from './threads.ts';

export interface ProcessEndActions {
  /** Sends what has been recorded, and goes on. */
  flush(): Promise<void>;
  /** The same where nothing is left to do for the process; `undefined` where nothing is left to send either. */
  settle(): Promise<void> | undefined;
  /** Sends what has been recorded, and stops. */
  shutdown(): Promise<void>;
  /** What can still be done without waiting. */
  end(): void;
  /** How long the end may wait for worker threads. */
  timeoutMillis(): number;
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Delivers the last points when the process or this worker thread comes to its end: by itself, by SIGTERM, SIGINT or
 * SIGHUP, by `process.exit`, an uncaught exception or an unhandled rejection. How it ends stays as it was: where nobody
 * but the package listens to a signal, the signal goes on to kill the process; where the host does, it decides, may go on
 * recording, and the end comes later.
 * @returns takes the listeners away again.
 */
export function onProcessEnd(actions: ProcessEndActions): () => void {
  const { flush, settle, shutdown, end, timeoutMillis } = actions;
  let workers: WorkerThreads | undefined;
  const forget = () => {
    process.removeListener('worker', onWorker);
    process.removeListener('beforeExit', onBeforeExit);
    process.removeListener('exit', onExit);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
  const onWorker = (worker: Worker) => {
    workers ??= new (loadThreads().WorkerThreads)();
    workers.track(worker);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) {
      void flush();
      return;
    }
    // A second Ctrl-C ends the process at once, as it would without the package.
    forget();
    void Promise.all([shutdown(), workers?.end(timeoutMillis())]).finally(() => process.kill(process.pid, signal));
  };
  // It comes again after what is done in it, by the package or by the host.
  const onBeforeExit = () => void settle();
  const onExit = () => {
    workers?.endNow(timeoutMillis());
    endSafely(end);
  };
  process.on('worker', onWorker);
  process.on('beforeExit', onBeforeExit);
  process.on('exit', onExit);
  // First in line: a listener of the host's that wants one signal only is gone once it has been called.
  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  return forget;
}

/** In a worker thread: lets it hand over what it has when the whole process ends, of which it learns nothing itself. */
export function endWithMainThread(end: () => void): void {
  loadThreads().joinMainThread(() => endSafely(end));
}

/** An exception in it would change the exit code. */
function endSafely(end: () => void): void {
  try {
    end();
  } catch (error) {
    log.warn(`what was recorded last is lost: ${error instanceof Error ? error.message : typeof error}`);
  }
}

/** Loaded where there are threads: most processes have but one. */
function loadThreads(): typeof import('./threads.ts') {
  return load(import.meta.url, 'threads');
}

/** Waits for `work`, but no longer than the deadline. Never rejects: nobody is left to handle it. */
export async function withinDeadline(what: string, work: Promise<void>, deadlineMillis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.warn(`${what} took longer than ${deadlineMillis} ms; what is not delivered by now may be lost`);
      resolve();
    }, deadlineMillis);
  });
  try {
    await Promise.race([work, deadline]);
  } catch (error) {
    log.warn(`${what} failed: ${error instanceof Error ? error.name : typeof error}`);
  } finally {
    clearTimeout(timer);
  }
}
