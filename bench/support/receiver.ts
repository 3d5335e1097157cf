import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { decodeMetrics, decodeSpans, type Point, type SpanId } from './otlp.ts';

/** What a receiver does with the requests that come. */
export type Behaviour =
  /** Answers 200, after a while where there is a delay, and 413 to metrics of more points than it takes at a time. */
  | { readonly kind: 'take'; readonly delayMillis?: number; readonly maxPoints?: number }
  /** Nobody listens. */
  | { readonly kind: 'refuse' }
  /** Reads, and never answers. */
  | { readonly kind: 'hang' }
  /** Resets the connection, by turns in the middle of a body and once all of it has been read. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterSeconds?: number };

/** Below the ports that the system gives to outgoing connections: one of those could take the port during an outage. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const ATTEMPTS = 50;

/** A request as it was received. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
  readonly uncompressedBytes: number;
}

export interface ReceiverOptions {
  /** Is given the metrics of each request that was taken. */
  readonly takePoints?: (points: readonly Point[], received: Received) => void;
  /** The same of spans. */
  readonly takeSpans?: (spans: readonly SpanId[], received: Received) => void;
  /** The status for a request that is never taken here; `undefined` for all others. */
  readonly refuse?: (received: Received) => number | undefined;
}

/**
 * An OTLP/HTTP receiver that can fail. It has taken a request when it has answered 200, and only then: what it read and
 * did not answer for, a sender has to send again.
 */
export class Receiver implements AsyncDisposable {
  /** Requests by what became of them. */
  readonly answers = new Map<string, number>();
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  readonly #options: ReceiverOptions;
  #port = 0;
  #behaviour: Behaviour = { kind: 'take' };
  #resets = 0;

  private constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  static async open(options: ReceiverOptions = {}): Promise<Receiver> {
    const receiver = new Receiver(options);
    for (let attempt = 1; ; attempt++) {
      receiver.#port = FIRST_PORT + Math.floor(Math.random() * PORTS);
      try {
        await receiver.#listen();
        return receiver;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async behave(behaviour: Behaviour): Promise<void> {
    this.#behaviour = behaviour;
    if (behaviour.kind === 'refuse') await this.#close();
    else if (!this.#server.listening) await this.#listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async #close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const behaviour = this.#behaviour;
    try {
      if (behaviour.kind === 'reset' && this.#resets++ % 2 === 0) await once(request, 'data');
      else await this.#answer(request, response, behaviour);
    } catch {
      // The sender has gone, or its connection was cut: it has no answer, and nothing of it was taken.
      this.#note('broken off');
      return;
    }
    if (behaviour.kind !== 'reset') return;
    this.#note('reset');
    request.socket.resetAndDestroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse, behaviour: Behaviour): Promise<void> {
    const body = await buffer(request);
    switch (behaviour.kind) {
      case 'take': {
        const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
        const received = { headers: request.headers, bytes: body.length, uncompressedBytes: plain.length };
        const refusal = this.#options.refuse?.(received);
        if (refusal !== undefined) return this.#end(response, refusal);
        const points = request.url === '/v1/metrics' ? decodeMetrics(plain) : undefined;
        if ((points?.length ?? 0) > (behaviour.maxPoints ?? Number.POSITIVE_INFINITY)) return this.#end(response, 413);
        if (behaviour.delayMillis !== undefined) await setTimeout(behaviour.delayMillis);
        if (response.destroyed) throw new Error('The sender has gone');
        response.on('finish', () => {
          if (points !== undefined) this.#options.takePoints?.(points, received);
          if (request.url === '/v1/traces') this.#options.takeSpans?.(decodeSpans(plain), received);
        });
        return this.#end(response, 200);
      }
      case 'answer':
        if (behaviour.retryAfterSeconds !== undefined) response.setHeader('retry-after', behaviour.retryAfterSeconds);
        return this.#end(response, behaviour.status);
      case 'hang':
        return this.#note('never answered');
      default:
        return;
    }
  }

  #end(response: ServerResponse, status: number): void {
    this.#note(String(status));
    response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
  }

  #note(what: string): void {
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1);
  }
}
