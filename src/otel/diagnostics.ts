import { diag } from '@opentelemetry/api';

/** All of the package's messages carry this namespace, so a host's logger can tell them from the SDK's. */
export const LOG_NAMESPACE = 'signal-otel';

export const log = diag.createComponentLogger({ namespace: LOG_NAMESPACE });

/** Bounded, since keys come from the names that training code uses. */
const MAX_REMEMBERED = 1_000;
const warned = new Set<string>();

/** Warns the first time that `key` comes up in this process: a bad value in a training loop repeats at every step. */
export function warnOnce(key: string, message: string): void {
  if (warned.has(key) || warned.size >= MAX_REMEMBERED) return;
  warned.add(key);
  log.warn(message);
}
