import { warnOnce } from '../otel/diagnostics.ts';
import { errorType } from '../otel/errors.ts';

/**
 * Runs the body of a record path. Training costs more than telemetry, so whatever goes wrong inside (a getter of the
 * caller's object that throws, a host's meter that does) is a warning there and never an exception in the training.
 */
export function guard(where: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    warnOnce(`guard:${where}`, `${where} failed: ${errorType(error)}`);
  }
}
