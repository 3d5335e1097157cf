import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { decodeMetrics, type Point } from './otlp.ts';

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

/**
 * An OTLP/HTTP receiver that can fail. It has taken a request when it has answered 200, and only then: what it read and
 * did not answer for, a sender has to send again.
 */
export class Receiver implements AsyncDisposable {
  /** Requests by what became of them. */
  readonly answers = new Map<string, number>();
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  readonly #take: (points: readonly Point[]) => void;
  #port = 0;
  #behaviour: Behaviour = { kind: 'take' };
  #resets = 0;

  private constructor(take: (points: readonly Point[]) => void) {
    this.#take = take;
  }

  /** @param take is given the metrics of each request that was taken. */
  static async open(take: (points: readonly Point[]) => void = () => {}): Promise<Receiver> {
    const receiver = new Receiver(take);
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
        const points = pointsOf(request, body);
        if (points.length > (behaviour.maxPoints ?? Number.POSITIVE_INFINITY)) return this.#end(response, 413);
        if (behaviour.delayMillis !== undefined) await setTimeout(behaviour.delayMillis);
        if (response.destroyed) throw new Error('The sender has gone');
        response.on('finish', () => this.#take(points));
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

function pointsOf(request: IncomingMessage, body: Buffer): readonly Point[] {
  if (request.url !== '/v1/metrics') return [];
  return decodeMetrics(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
}
