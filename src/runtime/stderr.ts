import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { LOG_NAMESPACE } from '../otel/diagnostics.ts';
import { redact } from '../otel/redact.ts';

const MAX_MESSAGE_LENGTH = 2_000;

const STDERR = 2;

let isClosed = false;

/** Writes a message of a diag logger to stderr: the package's own or the SDK's, as one line without secrets. */
export function writeMessage(message: readonly unknown[]): void {
  const parts = message[0] === LOG_NAMESPACE ? message.slice(1) : message;
  write(`${LOG_NAMESPACE}: ${redact(parts.map(textOf).join(' '), MAX_MESSAGE_LENGTH)}\n`);
}

/** A write to a pipe that nobody reads any more is an 'error' event, and would end the process. */
function write(line: string): void {
  if (isClosed) return;
  if (!isMainThread) {
    writeNow(line);
    return;
  }
  const ignore = () => {};
  process.stderr.once('error', ignore);
  process.stderr.write(line, (error) => {
    if (error) isClosed = true;
    else process.stderr.removeListener('error', ignore);
  });
}

/** What a worker thread writes waits for the main thread's event loop, which at the end of the process turns no more. */
function writeNow(line: string): void {
  try {
    writeSync(STDERR, line);
  } catch {
    isClosed = true;
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
