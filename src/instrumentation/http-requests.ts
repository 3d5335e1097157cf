import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { errorMonitor } from 'node:events';
import { ClientRequest, IncomingMessage } from 'node:http';
import type { Exchange, Observe } from './exchange.ts';
import { tap } from './tap.ts';
import { claim, isClaimed, requestOf } from './watch.ts';

const RESPONSE = 'http.client.response.finish';

/** Requests of `node:http` and `node:https`, which axios, got and node-fetch are made of. */
export class HttpRequests {
  readonly #observe: Observe;
  readonly #exchanges = new WeakMap<object, Exchange>();
  #isSubscribed = false;

  constructor(observe: Observe) {
    this.#observe = observe;
  }

  onRequest(request: object): void {
    if (!(request instanceof ClientRequest) || isClaimed(request)) return;
    const url = urlOf(request);
    const exchange = url && this.#observe({ method: request.method, url, setHeader: headerSetter(request) });
    if (exchange === undefined) return;
    this.#subscribe();
    claim(request);
    this.#exchanges.set(request, exchange);
    seeRequest(request, exchange);
  }

  close(): void {
    unsubscribe(RESPONSE, this.#onResponse);
    this.#isSubscribed = false;
  }

  #subscribe(): void {
    if (this.#isSubscribed) return;
    this.#isSubscribed = true;
    subscribe(RESPONSE, this.#onResponse);
  }

  /** Not by the event `response`: Node discards the body of a request that has no listener to it. */
  readonly #onResponse = (message: unknown) => {
    const request = requestOf(message);
    const exchange = request && this.#exchanges.get(request);
    const response: unknown = Reflect.get(Object(message), 'response');
    if (exchange !== undefined && response instanceof IncomingMessage) seeResponse(response, exchange);
  };
}

function seeRequest(request: ClientRequest, exchange: Exchange): void {
  const see = ([chunk, encoding]: readonly unknown[]) => {
    if (chunk instanceof Uint8Array) exchange.onRequestChunk(chunk);
    // A text in another encoding is not JSON.
    else if (typeof chunk === 'string' && (typeof encoding !== 'string' || /^(utf-?8|ascii|latin1)$/i.test(encoding))) {
      exchange.onRequestChunk(chunk);
    }
  };
  tap(request, ['write'], see);
  tap(request, ['end'], see);
  request.once('finish', () => exchange.onRequestEnd());
  // A listener to `error` would keep an error that nobody handles from being thrown.
  let failure: unknown;
  request.once(errorMonitor, (error) => {
    failure = error;
  });
  request.once('close', () => exchange.onError(failure));
}

function seeResponse(response: IncomingMessage, exchange: Exchange): void {
  const { statusCode, headers } = response;
  exchange.onResponse({ status: statusCode ?? 0, header: (name) => headers[name]?.toString() });
  // A listener to `data` would make it flow: this is how Node's parser hands over what has come.
  tap(response, ['push'], ([chunk]) => {
    if (chunk instanceof Uint8Array) exchange.onResponseChunk(chunk);
    else if (chunk === null && response.complete) exchange.onResponseEnd();
  });
}

function urlOf(request: ClientRequest): URL | undefined {
  const { protocol, host, path } = request;
  return URL.parse(`${protocol}//${request.getHeader('host') ?? host}${path}`) ?? undefined;
}

function headerSetter(request: ClientRequest) {
  return (name: string, value: string) => {
    // Headers that are given as a list, or with `Expect`, are on their way already.
    if (!request.headersSent) request.setHeader(name, value);
  };
}
