import { LOG_NAMESPACE } from '../otel/diagnostics.ts';
import { redact } from '../otel/redact.ts';

const MAX_MESSAGE_LENGTH = 2_000;

let isClosed = false;

/** Writes a message of a diag logger to stderr: the package's own or the SDK's, as one line without secrets. */
export function writeMessage(message: readonly unknown[]): void {
  const parts = message[0] === LOG_NAMESPACE ? message.slice(1) : message;
  write(`${LOG_NAMESPACE}: ${redact(parts.map(textOf).join(' '), MAX_MESSAGE_LENGTH)}\n`);
}

/** A write to a pipe that nobody reads any more is an 'error' event, and would end the process. */
function write(line: string): void {
  if (isClosed) return;
  const ignore = () => {};
  process.stderr.once('error', ignore);
  process.stderr.write(line, (error) => {
    if (error) isClosed = true;
    else process.stderr.removeListener('error', ignore);
  });
}

/** What the SDK says may be an error or any object. */
function textOf(part: unknown): string {
  try {
    return String(part);
  } catch {
    return typeof part;
  }
}
