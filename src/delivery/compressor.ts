import { gzip } from 'node:zlib';
import type { DeliveryRequest } from './request.ts';

interface Job {
  request: DeliveryRequest;
  isDone: boolean;
  readonly kept: PromiseWithResolvers<void>;
}

/** Compresses requests beside the event loop, and hands them on in the order in which they came. */
export class Compressor {
  readonly #keep: (request: DeliveryRequest) => void;
  readonly #jobs: Job[] = [];

  constructor(keep: (request: DeliveryRequest) => void) {
    this.#keep = keep;
  }

  get length(): number {
    return this.#jobs.length;
  }

  /** Resolves once the request has been handed on; at once where it is compressed and nothing comes before it. */
  add(request: DeliveryRequest): Promise<void> {
    const job: Job = { request, isDone: request.encoding === 'gzip', kept: Promise.withResolvers() };
    this.#jobs.push(job);
    if (job.isDone) this.#handOnWhatIsDone();
    else {
      gzip(request.body, (error, body) => {
        if (error === null) job.request = { ...request, body, encoding: 'gzip' };
        job.isDone = true;
        this.#handOnWhatIsDone();
      });
    }
    return job.kept.promise;
  }

  /** Resolves once everything that was added has been handed on. */
  async idle(): Promise<void> {
    await Promise.all(this.#jobs.map(({ kept }) => kept.promise));
  }

  /** Hands everything on at once, compressed or not: there is no later. */
  settle(): void {
    while (this.#jobs.length > 0) this.#handOn();
  }

  #handOnWhatIsDone(): void {
    while (this.#jobs[0]?.isDone) this.#handOn();
  }

  #handOn(): void {
    const job = this.#jobs.shift();
    if (job === undefined) return;
    this.#keep(job.request);
    job.kept.resolve();
  }
}
