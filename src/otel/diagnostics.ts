import { type DiagLogger, diag } from '@opentelemetry/api';
import { load } from './load.ts';

/** All of the package's messages carry this namespace, so a host's logger can tell them from the SDK's. */
export const LOG_NAMESPACE = 'signal-otel';

const MAX_MESSAGE_LENGTH = 1_000;

const logger = diag.createComponentLogger({ namespace: LOG_NAMESPACE });

/**
 * The package's log. A message is one line of bounded length without secrets, whatever names, values and errors are in
 * it, and saying it never throws, whatever logger the host has.
 */
export const log = {
  error: (message: string) => say('error', message),
  warn: (message: string) => say('warn', message),
  info: (message: string) => say('info', message),
  debug: (message: string) => say('debug', message),
} as const satisfies Partial<DiagLogger>;

/** Bounded, since keys come from the names that training code uses. */
const MAX_REMEMBERED = 1_000;
const MAX_KEY_LENGTH = 300;
const warned = new Set<string>();

/**
 * Warns the first time that `key` comes up in this process: a bad value in a training loop repeats at every step.
 * Never throws.
 */
export function warnOnce(key: string, message: string): void {
  // What repeats at every step must not look for a file each time.
  const cause = key.length <= MAX_KEY_LENGTH ? key : loadText().cut(key, MAX_KEY_LENGTH);
  if (warned.has(cause) || warned.size >= MAX_REMEMBERED) return;
  warned.add(cause);
  log.warn(message);
}

type Level = keyof typeof log;

let prepare: (() => void) | undefined;

/** Has a logger put in place when there is something to say: most processes have nothing. */
export function beforeFirstMessage(install: () => void): void {
  prepare = install;
}

function say(level: Level, message: string): void {
  try {
    tell(level, loadRedact().redact(message, MAX_MESSAGE_LENGTH));
  } catch {
    // The host imports the same file at this moment, and nobody can have it at once: Node refuses.
    void import('./redact.ts').then(({ redact }) => tell(level, redact(message, MAX_MESSAGE_LENGTH))).catch(() => {});
  }
}

function tell(level: Level, message: string): void {
  try {
    prepare?.();
    prepare = undefined;
    logger[level](message);
  } catch {
    // A logger that fails must not fail the training, and there is nobody else to tell.
  }
}

/** Loaded with the first message: most processes have nothing to tell. */
function loadRedact(): typeof import('./redact.ts') {
  return load(import.meta.url, 'redact');
}

function loadText(): typeof import('./text.ts') {
  return load(import.meta.url, 'text');
}
