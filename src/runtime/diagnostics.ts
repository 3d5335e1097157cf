import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { isRegistered } from '../otel/api-globals.ts';
import { LOG_NAMESPACE } from '../otel/diagnostics.ts';
import { redact } from '../otel/redact.ts';

const MAX_MESSAGE_LENGTH = 2_000;

/**
 * Shows the package's messages on stderr, one line each and without secrets, unless the host has a diag logger. The OpenTelemetry SDK's own
 * messages repeat what the package says better, so they show only at a level that the user asks for.
 */
export function installLogger(level: DiagLogLevel | undefined): void {
  if (isRegistered('diag')) return;
  diag.setLogger(new StderrLogger(level ?? DiagLogLevel.INFO, level ?? DiagLogLevel.NONE), DiagLogLevel.ALL);
}

class StderrLogger implements DiagLogger {
  readonly #own: DiagLogLevel;
  readonly #others: DiagLogLevel;
  #isClosed = false;

  constructor(own: DiagLogLevel, others: DiagLogLevel) {
    this.#own = own;
    this.#others = others;
  }

  error(...message: unknown[]): void {
    this.#write(DiagLogLevel.ERROR, message);
  }
  warn(...message: unknown[]): void {
    this.#write(DiagLogLevel.WARN, message);
  }
  info(...message: unknown[]): void {
    this.#write(DiagLogLevel.INFO, message);
  }
  debug(...message: unknown[]): void {
    this.#write(DiagLogLevel.DEBUG, message);
  }
  verbose(...message: unknown[]): void {
    this.#write(DiagLogLevel.VERBOSE, message);
  }

  #write(level: DiagLogLevel, message: unknown[]): void {
    const isOwn = message[0] === LOG_NAMESPACE;
    if (level > (isOwn ? this.#own : this.#others)) return;
    const text = (isOwn ? message.slice(1) : message).map(textOf).join(' ');
    this.#print(`${LOG_NAMESPACE}: ${redact(text, MAX_MESSAGE_LENGTH)}\n`);
  }

  /** A write to a pipe that nobody reads any more is an 'error' event, and would end the process. */
  #print(line: string): void {
    if (this.#isClosed) return;
    const ignore = () => {};
    process.stderr.once('error', ignore);
    process.stderr.write(line, (error) => {
      if (error) this.#isClosed = true;
      else process.stderr.removeListener('error', ignore);
    });
  }
}

/** What the SDK says may be an error or any object. */
function textOf(part: unknown): string {
  try {
    return String(part);
  } catch {
    return typeof part;
  }
}
