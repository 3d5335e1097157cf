import type { RequestFacts } from './request-facts.ts';
import { dropOldest } from './runs.ts';

/** Of runs and primitives whose last request failed. */
const MAX_FAILED = 10_000;
/** How many characters of a request tell it from others; all of them would take too long. */
const SAMPLES = 1_024;

/** Counts how often a request was sent before. */
export class Retries {
  /** The fingerprint of the last request that failed, and how often it had been sent again, by run and primitive. */
  readonly #failed = new Map<string, { readonly fingerprint: string; readonly retryCount: number }>();

  /** Requests of operations that somebody times. */
  readonly #sent = new WeakMap<object, number>();

  /** How often an operation has been sent before. */
  beforeOf(operation: object): number {
    const sent = this.#sent.get(operation) ?? 0;
    this.#sent.set(operation, sent + 1);
    return sent;
  }

  /** How often the same request failed just before. */
  before(key: string, fingerprint: string): number {
    const failed = this.#failed.get(key);
    return failed?.fingerprint === fingerprint ? failed.retryCount + 1 : 0;
  }

  failed(key: string, fingerprint: string, retryCount: number): void {
    this.#failed.delete(key);
    this.#failed.set(key, { fingerprint, retryCount });
    dropOldest(this.#failed, MAX_FAILED);
  }

  succeeded(key: string): void {
    this.#failed.delete(key);
  }
}

/** Two requests with the same one are most likely the same: the client's own name for it, or a sample of its body. */
export function fingerprintOf(body: string, { requestId }: RequestFacts): string {
  if (requestId !== undefined) return requestId;
  const stride = Math.max(1, Math.floor(body.length / SAMPLES));
  let hash = 0x811c9dc5;
  for (let index = 0; index < body.length; index += stride) {
    hash = Math.imul(hash ^ body.charCodeAt(index), 0x01000193);
  }
  return `${body.length}:${hash}`;
}
