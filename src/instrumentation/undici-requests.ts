import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isFunction } from '../run/settled.ts';
import type { Exchange, HttpRequest, Observe, ResponseHead } from './exchange.ts';
import { tap } from './tap.ts';
import { claim, isClaimed, requestOf } from './watch.ts';

/**
 * Requests of undici, as its diagnostics channels announce them: those of `fetch`, and of undici 6 to 8 from npm. Bodies
 * are seen by methods of the request that the channels hand out, as undici 6 (Node 22) has no channel for them.
 */
export class UndiciRequests {
  readonly #observe: Observe;
  readonly #exchanges = new WeakMap<object, Exchange>();
  readonly #channels: Readonly<Record<string, (message: unknown) => void>> = {
    'undici:request:bodySent': (message) => this.#exchangeOf(message)?.onRequestEnd(),
    'undici:request:headers': (message) => this.#exchangeOf(message)?.onResponse(headOf(message)),
    'undici:request:trailers': (message) => this.#exchangeOf(message)?.onResponseEnd(),
    'undici:request:error': (message) => this.#exchangeOf(message)?.onError(Reflect.get(Object(message), 'error')),
  };
  #isSubscribed = false;

  constructor(observe: Observe) {
    this.#observe = observe;
  }

  onRequest(request: object): void {
    if (isClaimed(request)) return;
    const asHttp = httpRequestOf(request);
    const exchange = asHttp && this.#observe(asHttp);
    if (exchange === undefined) return;
    this.#subscribe();
    claim(request);
    this.#exchanges.set(request, exchange);
    tap(request, ['onBodySent'], ([chunk]) => {
      if (isChunk(chunk)) exchange.onRequestChunk(chunk);
    });
    tap(request, ['onResponseData', 'onData'], ([chunk]) => {
      if (chunk instanceof Uint8Array) exchange.onResponseChunk(chunk);
    });
  }

  close(): void {
    for (const [name, listener] of Object.entries(this.#channels)) unsubscribe(name, listener);
    this.#isSubscribed = false;
  }

  /** With the first request of Signal's: until then the process has nothing to look at. */
  #subscribe(): void {
    if (this.#isSubscribed) return;
    this.#isSubscribed = true;
    for (const [name, listener] of Object.entries(this.#channels)) subscribe(name, listener);
  }

  #exchangeOf(message: unknown): Exchange | undefined {
    const request = requestOf(message);
    return request && this.#exchanges.get(request);
  }
}

function httpRequestOf(request: object): HttpRequest | undefined {
  const { origin, path, method }: { origin?: unknown; path?: unknown; method?: unknown } = request;
  const url = URL.parse(`${origin}${path}`);
  if (url === null) return undefined;
  return { method: String(method), url, setHeader: (name, value) => setHeader(request, name, value) };
}

function setHeader(request: object, name: string, value: string): void {
  const addHeader: unknown = Reflect.get(request, 'addHeader');
  if (!isFunction(addHeader)) return;
  if (!hasReplaced(Reflect.get(request, 'headers'), name, value)) Reflect.apply(addHeader, request, [name, value]);
  // Another instrumentation may be told of the request after this one, and add its own.
  const addOther = function (this: unknown, ...args: unknown[]): unknown {
    return String(args[0]).toLowerCase() === name ? this : Reflect.apply(addHeader, this, args);
  };
  Reflect.defineProperty(request, 'addHeader', { value: addOther, configurable: true, writable: true });
}

/**
 * Of a header that is there: added once more, a `traceparent` would come twice, and nobody reads that.
 * @param headers names and values by turns.
 */
function hasReplaced(headers: unknown, name: string, value: string): boolean {
  if (!Array.isArray(headers)) return false;
  const at = headers.findIndex((each, index) => index % 2 === 0 && String(each).toLowerCase() === name);
  if (at >= 0) headers[at + 1] = value;
  return at >= 0;
}

function headOf(message: unknown): ResponseHead {
  const response = Object(Reflect.get(Object(message), 'response'));
  const { statusCode, headers }: { statusCode?: unknown; headers?: unknown } = response;
  const raw: readonly unknown[] = Array.isArray(headers) ? headers : [];
  return { status: Number(statusCode), header: (name) => headerOf(raw, name) };
}

/** @param raw names and values by turns, as bytes; few are looked at, so that most need not become texts. */
function headerOf(raw: readonly unknown[], name: string): string | undefined {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const bytes = raw[index];
    if (!(bytes instanceof Uint8Array && bytes.length !== name.length) && String(bytes).toLowerCase() === name) {
      return String(raw[index + 1]);
    }
  }
  return undefined;
}

function isChunk(chunk: unknown): chunk is Uint8Array | string {
  return typeof chunk === 'string' || chunk instanceof Uint8Array;
}
