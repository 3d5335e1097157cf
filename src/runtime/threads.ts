import {
  BroadcastChannel,
  isMainThread,
  type MessagePort,
  receiveMessageOnPort,
  threadId,
  type Worker,
} from 'node:worker_threads';

const CHANNEL = 'signal-otel';

/** A thread has telemetry of its own. */
interface Joined {
  readonly joined: number;
}

/** Those of the threads named hand over what they have, and count themselves in `ended`. */
interface Ending {
  readonly ending: readonly number[];
  readonly ended: Int32Array<SharedArrayBuffer>;
}

/** A thread's end that its own worker threads take part in. */
export interface CommonEnd {
  /** @returns how many have not handed over what they had. */
  wait(timeoutMillis: number): Promise<number>;
  /** The same without a turn of the event loop. The threads go on meanwhile. */
  waitNow(timeoutMillis: number): number;
}

/**
 * A thread's view of the worker threads that it has started and that record something. They run until the process is gone
 * and learn nothing of its end: neither of a signal nor of a `process.exit()` in the main thread.
 */
export class WorkerThreads {
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #own = new Set<number>();
  readonly #joined = new Set<number>();

  constructor() {
    this.#channel.onmessage = ({ data }) => this.#join(data);
    this.#channel.unref();
  }

  track(worker: Worker): void {
    const { threadId } = worker;
    this.#own.add(threadId);
    worker.once('exit', () => {
      this.#own.delete(threadId);
      this.#joined.delete(threadId);
    });
  }

  /** Tells them to end. They do it side by side, and this thread can do its own part meanwhile. */
  end(): CommonEnd {
    this.#readWhatWaits();
    const ending = [...this.#joined];
    const ended = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const message: Ending = { ending, ended };
    if (ending.length > 0) this.#channel.postMessage(message);
    const count = () => Atomics.load(ended, 0);
    return {
      async wait(timeoutMillis) {
        const deadline = performance.now() + timeoutMillis;
        for (let left = timeoutMillis; count() < ending.length && left > 0; left = deadline - performance.now()) {
          await Atomics.waitAsync(ended, 0, count(), left).value;
        }
        return ending.length - count();
      },
      waitNow(timeoutMillis) {
        const deadline = performance.now() + timeoutMillis;
        for (let left = timeoutMillis; count() < ending.length && left > 0; left = deadline - performance.now()) {
          Atomics.wait(ended, 0, count(), left);
        }
        return ending.length - count();
      },
    };
  }

  /** Where this thread has had no turn of its event loop since a worker joined. */
  #readWhatWaits(): void {
    // Node takes a channel here as well as a port, which its types do not say.
    const port = this.#channel as unknown as MessagePort;
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      this.#join(next.message);
    }
  }

  #join({ joined }: Partial<Joined>): void {
    if (joined !== undefined && this.#own.has(joined)) this.#joined.add(joined);
  }
}

/** In a worker thread: has the thread that started it tell when it ends. In the main thread it does nothing. */
export function joinParentThread(end: () => void): void {
  if (isMainThread) return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data: { ending, ended } }: { data: Partial<Ending> }) => {
    if (ended === undefined || !ending?.includes(threadId)) return;
    end();
    Atomics.add(ended, 0, 1);
    Atomics.notify(ended, 0);
  };
  channel.unref();
  const message: Joined = { joined: threadId };
  channel.postMessage(message);
}
