import type { Destination } from './destination.ts';
import type { Outcome } from './outcome.ts';
import type { DeliveryRequest, SignalKind } from './request.ts';
import { halve } from './split.ts';
import type { DeliveryStatus } from './status.ts';

/** A request that is next to be sent, and what can become of it. */
export interface WaitingRequest {
  readonly request: DeliveryRequest;
  /** For another attempt. */
  keep(): void;
  remove(): void;
  replace(requests: readonly DeliveryRequest[]): void;
}

export interface SenderOptions {
  readonly destination: Destination;
  readonly hasNext: () => boolean;
  readonly next: () => WaitingRequest | undefined;
  readonly status: DeliveryStatus;
  /** The longest pause between two attempts. */
  readonly maxBackoffMillis: number;
}

/** By when a flush has to be done, in the time of `performance.now()`, and whether it tries more than once. */
interface Flush {
  readonly deadline: number;
  readonly retries: boolean;
}

const FIRST_BACKOFF_MILLIS = 500;

/** Sends the requests of one signal, one after the other, each until it is taken or refused for ever. */
export class Sender {
  readonly #signal: SignalKind;
  readonly #options: SenderOptions;
  #isRunning = false;
  #run: Promise<void> = Promise.resolve();
  #failures = 0;
  /** Before this nothing is sent; in the time of `performance.now()`. */
  #notBefore = 0;
  #isTold = false;
  #endPause: (() => void) | undefined;
  #flush: Flush | undefined;

  constructor(signal: SignalKind, options: SenderOptions) {
    this.#signal = signal;
    this.#options = options;
  }

  /** Sends what waits, unless that is under way. */
  wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#run = this.#sendAll();
  }

  /**
   * Sends now what waits. Resolves when nothing waits any more, or the receiver asks for a pause beyond the deadline, or
   * an attempt has failed and `retries` is false. What is being sent is waited for, however long it takes.
   */
  async flush(flush: Flush): Promise<void> {
    this.#flush = flush;
    this.#failures = 0;
    // A pause that the receiver has asked for is kept.
    if (!this.#isTold) this.#notBefore = 0;
    this.#endPause?.();
    this.wake();
    await this.#run;
    this.#flush = undefined;
    this.wake();
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#options.hasNext() && (await this.#pause())) {
        const waiting = this.#options.next();
        if (waiting !== undefined) await this.#send(waiting);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Waits for the time of the next attempt. `false` where a flush cannot wait for it. */
  async #pause(): Promise<boolean> {
    for (;;) {
      const now = performance.now();
      if (now >= this.#notBefore) return true;
      if (this.#flush !== undefined && (!this.#flush.retries || this.#notBefore >= this.#flush.deadline)) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#notBefore - now).unref();
        this.#endPause = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async #send(waiting: WaitingRequest): Promise<void> {
    const { destination, status } = this.#options;
    const { request } = waiting;
    if (Date.now() - request.createdMillis > destination.maxAgeMillis) {
      waiting.remove();
      status.dropped(this.#signal, 'too_old', request.points, `${destination.name} takes no points of this age`);
      return;
    }
    await this.#settle(waiting, await destination.send(request, this.#timeoutMillis()));
  }

  #timeoutMillis(): number {
    const { timeoutMillis } = this.#options.destination;
    const left = this.#flush === undefined ? timeoutMillis : this.#flush.deadline - performance.now();
    return Math.max(1, Math.min(timeoutMillis, Math.ceil(left)));
  }

  async #settle(waiting: WaitingRequest, outcome: Outcome): Promise<void> {
    const { destination, status } = this.#options;
    const { points } = waiting.request;
    this.#isTold = false;
    switch (outcome.kind) {
      case 'accepted': {
        const rejected = Math.min(outcome.rejectedPoints, points);
        waiting.remove();
        this.#failures = 0;
        status.delivered(this.#signal, destination.name, points - rejected);
        status.dropped(this.#signal, 'rejected', rejected, `${destination.name} took the rest of the request`);
        if (outcome.doubt !== undefined) status.doubt(this.#signal, destination.name, outcome.doubt);
        break;
      }
      case 'refused':
        this.#refuse(waiting, outcome.reason);
        break;
      case 'tooLarge': {
        // What cannot be read cannot be halved.
        const halves = await halve(waiting.request).catch(() => undefined);
        if (halves === undefined) this.#refuse(waiting, outcome.reason);
        else waiting.replace(halves);
        break;
      }
      case 'unavailable':
        waiting.keep();
        status.failed(this.#signal, destination.name, outcome.reason, false);
        this.#failures += 1;
        this.#isTold = outcome.retryAfterMillis !== undefined;
        this.#notBefore = performance.now() + (outcome.retryAfterMillis ?? this.#backoffMillis());
    }
  }

  #refuse(waiting: WaitingRequest, reason: string): void {
    const { destination, status } = this.#options;
    waiting.remove();
    this.#failures = 0;
    status.failed(this.#signal, destination.name, reason, true);
    status.dropped(this.#signal, 'refused', waiting.request.points);
  }

  /** Doubles with each failure; a random part keeps processes that failed together from coming back together. */
  #backoffMillis(): number {
    const doubled = Math.min(this.#options.maxBackoffMillis, FIRST_BACKOFF_MILLIS * 2 ** (this.#failures - 1));
    // A flush has not the time to wait longer.
    const longest = this.#flush === undefined ? doubled : FIRST_BACKOFF_MILLIS;
    return longest * (0.5 + Math.random() / 2);
  }
}
