import { BroadcastChannel, isMainThread, threadId, type Worker } from 'node:worker_threads';

const CHANNEL = 'signal-otel';

/** A worker has telemetry of its own. */
interface Joined {
  readonly joined: number;
}

/** The process ends: each worker hands over what it has, and counts itself among those that have ended. */
interface Ending {
  readonly ended: Int32Array<SharedArrayBuffer>;
}

/**
 * The main thread's view of worker threads that record something. They run until the process is gone and learn nothing
 * of its end: neither of a signal nor of a `process.exit()` in the main thread.
 */
export class WorkerThreads {
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #known = new Set<number>();
  readonly #joined = new Set<number>();

  constructor() {
    this.#channel.onmessage = ({ data }) => this.#join(data);
    this.#channel.unref();
  }

  track(worker: Worker): void {
    const { threadId } = worker;
    this.#known.add(threadId);
    worker.once('exit', () => {
      this.#known.delete(threadId);
      this.#joined.delete(threadId);
    });
  }

  /** Resolves when every worker has handed over what it had, or when the time is over. */
  async end(timeoutMillis: number): Promise<void> {
    const deadline = performance.now() + timeoutMillis;
    const ended = this.#announce();
    for (let count = 0; count < this.#joined.size; count = Atomics.load(ended, 0)) {
      const leftMillis = deadline - performance.now();
      if (leftMillis <= 0) return;
      await Atomics.waitAsync(ended, 0, count, leftMillis).value;
    }
  }

  /** The same without a turn of the event loop. Workers go on meanwhile. */
  endNow(timeoutMillis: number): void {
    const deadline = performance.now() + timeoutMillis;
    const ended = this.#announce();
    for (let count = 0; count < this.#joined.size; count = Atomics.load(ended, 0)) {
      const leftMillis = deadline - performance.now();
      if (leftMillis <= 0) return;
      Atomics.wait(ended, 0, count, leftMillis);
    }
  }

  #announce(): Ending['ended'] {
    const ended = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const message: Ending = { ended };
    if (this.#joined.size > 0) this.#channel.postMessage(message);
    return ended;
  }

  #join(message: Partial<Joined>): void {
    const { joined } = message;
    if (joined !== undefined && this.#known.has(joined)) this.#joined.add(joined);
  }
}

/** In a worker thread: has the main thread tell when the process ends. In the main thread it does nothing. */
export function joinMainThread(end: () => void): void {
  if (isMainThread) return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data: { ended } }: { data: Partial<Ending> }) => {
    if (ended === undefined) return;
    end();
    Atomics.add(ended, 0, 1);
    Atomics.notify(ended, 0);
  };
  channel.unref();
  const message: Joined = { joined: threadId };
  channel.postMessage(message);
}
