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
  /** How long the end may take, worker threads included. */
  timeoutMillis(): number;
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** The worker threads that this thread has started. */
let workers: WorkerThreads | undefined;

/**
 * Delivers the last points when the process or this worker thread comes to its end: by itself, by SIGTERM, SIGINT or
 * SIGHUP, by `process.exit`, an uncaught exception or an unhandled rejection. How it ends stays as it was: where nobody
 * but the package listens to a signal, the signal goes on to kill the process; where the host does, it decides, may go on
 * recording, and the end comes later.
 * @returns takes the listeners away again.
 */
export function onProcessEnd(actions: ProcessEndActions): () => void {
  const { flush, settle, shutdown, timeoutMillis } = actions;
  let isEnding = false;
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
    if (process.listenerCount(signal) > 1 + signalExitListeners()) {
      void flush();
      return;
    }
    // A second Ctrl-C ends the process at once, as it would without the package.
    if (isEnding) {
      die(signal);
      return;
    }
    isEnding = true;
    const common = workers?.end().wait(timeoutMillis()).then(tellOfSilent);
    void Promise.all([shutdown(), common]).finally(() => die(signal));
  };
  const die = (signal: NodeJS.Signals) => {
    forget();
    process.kill(process.pid, signal);
  };
  // It comes again after what is done in it, by the package or by the host.
  const onBeforeExit = () => void settle();
  const onExit = () => endNow(actions);
  process.on('worker', onWorker);
  process.on('beforeExit', onBeforeExit);
  process.on('exit', onExit);
  // First in line: a listener of the host's that wants one signal only is gone once it has been called.
  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  return forget;
}

/** In a worker thread: lets it hand over what it has when its parent ends, of which it learns nothing itself. */
export function endWithParentThread(actions: Pick<ProcessEndActions, 'end' | 'timeoutMillis'>): void {
  loadThreads().joinParentThread(() => endNow(actions));
}

function endNow({ end, timeoutMillis }: Pick<ProcessEndActions, 'end' | 'timeoutMillis'>): void {
  try {
    const deadline = workers && performance.now() + timeoutMillis();
    const common = workers?.end();
    end();
    if (common && deadline) tellOfSilent(common.waitNow(Math.max(1, deadline - performance.now())));
  } catch (error) {
    // Thrown on, it would change the exit code.
    log.warn(`what was recorded last is lost: ${error instanceof Error ? error.message : typeof error}`);
  }
}

function tellOfSilent(threads: number): void {
  if (threads > 0) log.warn(`${threads} worker threads were busy to the end; what they recorded last may be lost`);
}

/**
 * Listeners of the library signal-exit, of which many command lines are made. They let a signal kill the process where
 * nobody else listens, as the package does; each would wait for the other. Its copies find each other by these names.
 */
function signalExitListeners(): number {
  const emitters: unknown[] = [
    Reflect.get(globalThis, Symbol.for('signal-exit emitter')),
    Reflect.get(process, '__signal_exit_emitter__'),
  ];
  const counts = emitters.map((emitter) =>
    typeof emitter === 'object' && emitter !== null && 'count' in emitter ? Number(emitter.count) : 0,
  );
  return counts.reduce((sum, count) => sum + count, 0);
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
