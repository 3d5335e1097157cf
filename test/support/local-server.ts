import { EventEmitter, once } from 'node:events';
import type { Server } from 'node:http';

/** A server of a test's on 127.0.0.1, on a port of the system's choice. */
export interface LocalServer extends AsyncDisposable {
  readonly url: string;
}

export async function listen(server: Server, protocol: 'http' | 'https' = 'http'): Promise<LocalServer> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `${protocol}://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** What a server has received, in order. */
export class Received<Request> {
  readonly all: Request[] = [];
  readonly #arrivals = new EventEmitter<{ request: [] }>();

  add(request: Request): void {
    this.all.push(request);
    this.#arrivals.emit('request');
  }

  /** Resolves with the first request that `matches`, now or later. */
  async waitFor(matches: (request: Request) => boolean): Promise<Request> {
    const deadline = AbortSignal.timeout(15_000);
    for (;;) {
      const found = this.all.find(matches);
      if (found !== undefined) return found;
      await once(this.#arrivals, 'request', { signal: deadline });
    }
  }
}

/** Each request to a double, as its tests wait for what comes of them. */
export class Traffic {
  readonly #requests = new EventEmitter<{ request: [] }>();
  readonly #arrivals: () => string;

  /** @param arrivals what has arrived so far, for the message of a test that waits in vain. */
  constructor(arrivals: () => string) {
    this.#arrivals = arrivals;
  }

  answered(): void {
    this.#requests.emit('request');
  }

  /** Resolves with what `find` returns once that is neither false nor undefined; looks again on every request. */
  async waitFor<T>(find: () => T | false | undefined, timeoutMillis = 15_000): Promise<T> {
    const deadline = AbortSignal.timeout(timeoutMillis);
    for (;;) {
      const result = find();
      if (result !== false && result !== undefined) return result;
      try {
        await once(this.#requests, 'request', { signal: deadline });
      } catch {
        throw new Error(`What is waited for did not arrive in ${timeoutMillis} ms. What did:\n${this.#arrivals()}`);
      }
    }
  }
}
