import { setImmediate } from 'node:timers/promises';
import { ApiError } from './errors.ts';

const maxWaiting = 50;

export interface QueueStats {
  readonly total: number;
  readonly queued: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
}

/** Runs the operations of one training run one after another, in the order in which they came. */
export class OperationQueue {
  #last: Promise<void> = Promise.resolve();
  #queued = 0;
  #running = 0;
  #completed = 0;
  #failed = 0;

  get stats(): QueueStats {
    return {
      total: this.#queued + this.#running + this.#completed + this.#failed,
      queued: this.#queued,
      running: this.#running,
      completed: this.#completed,
      failed: this.#failed,
    };
  }

  /** Throws at once where too many wait already. */
  submit<T>(operation: () => T): Promise<T> {
    if (this.#queued >= maxWaiting) {
      throw new ApiError(429, `Request queue full (${maxWaiting} requests)`);
    }
    this.#queued += 1;
    const outcome = this.#last.then(() => this.#execute(operation));
    this.#last = outcome.then(
      () => undefined,
      () => undefined,
    );
    return outcome;
  }

  async #execute<T>(operation: () => T): Promise<T> {
    // An operation blocks the process while it computes: let waiting answers and requests through first.
    await setImmediate();
    this.#queued -= 1;
    this.#running += 1;
    try {
      const result = operation();
      this.#completed += 1;
      return result;
    } catch (error) {
      this.#failed += 1;
      throw error;
    } finally {
      this.#running -= 1;
    }
  }
}
