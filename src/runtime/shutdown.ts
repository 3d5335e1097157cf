import { log } from '../otel/diagnostics.ts';

/** Long enough for a slow Collector, short enough for whoever waits for the process to end. */
export const SHUTDOWN_DEADLINE_MILLIS = 5_000;

/**
 * Runs `shutdown` when the process comes to its end by itself or by SIGTERM or SIGINT. How it ends stays as it was: a
 * signal goes on to kill the process where nobody but the package listens to it, and where the host does, it decides.
 * @returns takes the listeners away again.
 */
export function onProcessEnd(shutdown: () => Promise<void>): () => void {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  // Called once, and gone from the listeners by then: a second Ctrl-C ends the process at once, as it would without us.
  const onSignal = (signal: NodeJS.Signals) => {
    const wasAlone = process.listenerCount(signal) === 0;
    void shutdown().finally(() => {
      if (wasAlone) process.kill(process.pid, signal);
    });
  };
  const onBeforeExit = () => void shutdown();
  process.once('beforeExit', onBeforeExit);
  for (const signal of signals) process.once(signal, onSignal);
  return () => {
    process.removeListener('beforeExit', onBeforeExit);
    for (const signal of signals) process.removeListener(signal, onSignal);
  };
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
