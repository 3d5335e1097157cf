import type { Destination } from './destination.ts';
import type { Outcome } from './outcome.ts';
import { type DeliveryKind, type DeliveryRequest, plainBytes } from './request.ts';
import { split } from './split.ts';
import type { DeliveryStatus, DropReason } from './status.ts';

/** A request that waits to be sent, and what can become of it. */
export interface WaitingRequest {
  readonly request: DeliveryRequest;
  /** Sends it; it does not give way to others meanwhile. */
  sent(send: () => Promise<Outcome>): Promise<Outcome>;
  /** @returns whether it still waited. */
  remove(): boolean;
  replace(requests: readonly DeliveryRequest[]): void;
}

export interface SenderOptions {
  readonly destination: Destination;
  /** What is to be sent first, or after that. */
  readonly waiting: (place: 0 | 1) => WaitingRequest | undefined;
  readonly status: DeliveryStatus;
  /** The longest pause between two attempts. */
  readonly maxBackoffMillis: number;
}

/** By when a flush has to be done, in the time of `performance.now()`, and whether it tries more than once. */
export interface Flush {
  readonly deadline: number;
  readonly retries: boolean;
}

const FIRST_BACKOFF_MILLIS = 500;

/** How often a receiver may fail at one request until the one after it is tried. */
const MAX_SUSPECT_FAILURES = 5;

/** Sends the requests of one signal, one after the other, each until it is taken or refused for ever. */
export class Sender {
  readonly #signal: DeliveryKind;
  readonly #options: SenderOptions;
  #run: Promise<void> | undefined;
  #failures = 0;
  /** How often in a row the receiver has failed at the request that is first. */
  #suspectFailures = 0;
  /** Whether the receiver has taken another request since it last failed at the first. */
  #takesOthers = false;
  #isSending = false;
  /** Before this nothing is sent; in the time of `performance.now()`. */
  #notBefore = 0;
  #isTold = false;
  #endPause: (() => void) | undefined;
  #flush: Flush | undefined;

  constructor(signal: DeliveryKind, options: SenderOptions) {
    this.#signal = signal;
    this.#options = options;
  }

  /** Whether a request is under way, or has not been tried yet. */
  get isBusy(): boolean {
    if (this.#isSending) return true;
    return performance.now() >= this.#notBefore && this.#options.waiting(0) !== undefined;
  }

  /** Sends what waits, unless that is under way. */
  wake(): void {
    this.#run ??= this.#sendAll();
  }

  /**
   * Sends now what waits. Resolves when nothing waits any more, or the receiver asks for a pause beyond the deadline, or
   * an attempt has failed and `retries` is false. What is being sent is waited for, however long it takes: to give it up
   * earlier than its time-out could deliver it twice.
   */
  async flush(flush: Flush): Promise<void> {
    this.#flush = flush;
    this.#failures = 0;
    // A pause that the receiver has asked for is kept.
    if (!this.#isTold) this.#notBefore = 0;
    this.#endPause?.();
    this.wake();
    await this.#run;
    if (this.#flush === flush) this.#flush = undefined;
    this.wake();
  }

  /** Tells of the request that a flush has waited for in vain, unless an attempt before it has told more. */
  missDeadline(): void {
    const { destination, status } = this.#options;
    if (this.#isSending && this.#failures === 0)
      status.failed(this.#signal, destination.name, 'no answer in time', destination.advice.unavailable);
  }

  async #sendAll(): Promise<void> {
    try {
      // Whoever wakes a sender has kept a request, and goes on before any of it is sent.
      await undefined;
      for (;;) {
        const first = this.#options.waiting(0);
        if (first === undefined) return;
        if (performance.now() >= this.#notBefore) await this.#sendFirst(first);
        else if (this.#isHopeless()) return;
        else await this.#pause();
      }
    } catch {
      // A logger of the host's that throws. What waits is sent when there is more, or when somebody flushes; not at once,
      // or a flush would try again and again without letting anything else of the process go on.
      this.#notBefore = performance.now() + this.#backoffMillis();
    } finally {
      this.#run = undefined;
    }
  }

  /** Whether a flush cannot wait for the next attempt. */
  #isHopeless(): boolean {
    return this.#flush !== undefined && (!this.#flush.retries || this.#notBefore >= this.#flush.deadline);
  }

  /** Waits for the time of the next attempt, or for a flush. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, this.#notBefore - performance.now())).unref();
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #sendFirst(first: WaitingRequest): Promise<void> {
    const outcome = await this.#send(first);
    const isSuspect = outcome.kind === 'unavailable' && outcome.isSuspect === true;
    if (isSuspect && this.#takesOthers) {
      // It must not hold up what comes after it for ever.
      this.#drop(first, 'refused', `${outcome.reason} to them again and again, but takes others`);
    } else await this.#settle(first, outcome);
    if (isSuspect && !this.#takesOthers) {
      this.#suspectFailures += 1;
      if (this.#suspectFailures >= MAX_SUSPECT_FAILURES) await this.#trySecond();
    } else {
      this.#suspectFailures = 0;
      this.#takesOthers = false;
    }
  }

  /**
   * Finds out whether it is the receiver or the first request that is to blame. Where this one is taken, the first is
   * tried once more, at once: the receiver may have come back between the two.
   */
  async #trySecond(): Promise<void> {
    const second = this.#options.waiting(1);
    if (second === undefined) return;
    const outcome = await this.#send(second);
    if (outcome.kind === 'unavailable') return;
    await this.#settle(second, outcome);
    if (outcome.kind !== 'accepted') return;
    this.#takesOthers = true;
    this.#notBefore = 0;
  }

  async #send({ request, sent }: WaitingRequest): Promise<Outcome> {
    const { destination } = this.#options;
    if (Date.now() - request.createdMillis > destination.maxAgeMillis) return { kind: 'tooOld' };
    const parts = partsFor(request, destination);
    if (parts > 1) return { kind: 'tooLarge', reason: 'it takes no request of this size', parts };
    this.#isSending = true;
    try {
      return await sent(() => destination.send(request, destination.timeoutMillis));
    } finally {
      this.#isSending = false;
    }
  }

  async #settle(waiting: WaitingRequest, outcome: Outcome): Promise<void> {
    const { destination, status } = this.#options;
    const { points } = waiting.request;
    this.#isTold = false;
    switch (outcome.kind) {
      case 'accepted': {
        this.#failures = 0;
        // Whoever has taken it out meanwhile, at an end of the process, has counted it.
        if (!waiting.remove()) return;
        const rejected = Math.min(outcome.rejectedPoints, points);
        status.delivered(this.#signal, destination.name, points - rejected);
        status.dropped(this.#signal, 'rejected', rejected, `${destination.name} took the rest of the request`);
        if (outcome.doubt !== undefined) status.doubt(this.#signal, destination.name, outcome.doubt);
        break;
      }
      case 'tooOld':
        this.#drop(waiting, 'too_old', 'it takes no points of this age');
        break;
      case 'refused':
        this.#refuse(waiting, outcome.reason);
        break;
      case 'tooLarge': {
        // What cannot be read cannot be split.
        const parts = await split(waiting.request, outcome.parts).catch(() => undefined);
        if (parts === undefined) this.#refuse(waiting, outcome.reason);
        else waiting.replace(parts);
        break;
      }
      case 'unavailable':
        status.failed(this.#signal, destination.name, outcome.reason, destination.advice.unavailable);
        this.#failures += 1;
        this.#isTold = outcome.retryAfterMillis !== undefined;
        // Of a server that asks for no pause at all it would be asked without pause.
        this.#notBefore = performance.now() + (outcome.retryAfterMillis || this.#backoffMillis());
    }
  }

  #refuse(waiting: WaitingRequest, reason: string): void {
    const { destination, status } = this.#options;
    this.#failures = 0;
    status.failed(this.#signal, destination.name, reason, destination.advice.refused);
    if (waiting.remove()) status.dropped(this.#signal, 'refused', waiting.request.points);
  }

  #drop(waiting: WaitingRequest, reason: DropReason, why: string): void {
    const { destination, status } = this.#options;
    if (waiting.remove()) status.dropped(this.#signal, reason, waiting.request.points, `${destination.name}: ${why}`);
  }

  /** Doubles with each failure; a random part keeps processes that failed together from coming back together. */
  #backoffMillis(): number {
    const doubled = Math.min(this.#options.maxBackoffMillis, FIRST_BACKOFF_MILLIS * 2 ** (this.#failures - 1));
    // A flush has not the time to wait longer.
    const longest = this.#flush === undefined ? doubled : Math.min(doubled, FIRST_BACKOFF_MILLIS);
    return longest * (0.5 + Math.random() / 2);
  }
}

/** Points are not all of one size: with so much room most of the parts need no second cut. */
const MARGIN = 1.2;

/** In how many parts a receiver takes it that is known to refuse more: asked, it would have to be sent in vain. */
function partsFor(request: DeliveryRequest, { maxBytes }: Destination): number {
  if (maxBytes === undefined) return 1;
  const times = Math.max(request.body.length / maxBytes.sent, plainBytes(request) / maxBytes.plain);
  return times <= 1 ? 1 : Math.ceil(times * MARGIN);
}
