import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Takes the requests that may be Signal's, as Node's own clients announce them. */
export interface RequestWatcher {
  /** A `ClientRequest` of `node:http` or `node:https`, before anything is sent. */
  onHttpRequest(request: object): void;
  /** A request of undici, which `fetch` uses, before anything is sent. */
  onUndiciRequest(request: object): void;
  /** Lets go of the requests that are under way. */
  close(): void;
}

/** All that a request to somebody else costs: every path of Signal's API has one of these in it. */
const PATHS = /\/(?:runs|futures)\b/;

/**
 * Watches the requests of this process. Node announces them by its diagnostics channels: nothing is patched, and until
 * there is a request that may be Signal's, nothing is loaded.
 * @param load gives the watcher, with the first such request. May throw; then the next request asks again.
 * @returns stops watching.
 */
export function watchRequests(load: () => RequestWatcher): () => void {
  const notify = (message: unknown, tell: (watcher: RequestWatcher, request: object) => void) => {
    const request = requestOf(message);
    if (request === undefined || !('path' in request)) return;
    if (typeof request.path !== 'string' || !PATHS.test(request.path)) return;
    try {
      tell(load(), request);
    } catch {
      // The request goes on as it would; this one is not seen.
    }
  };
  const onHttp = (message: unknown) => notify(message, (watcher, request) => watcher.onHttpRequest(request));
  const onUndici = (message: unknown) => notify(message, (watcher, request) => watcher.onUndiciRequest(request));
  subscribe('http.client.request.created', onHttp);
  subscribe('undici:request:create', onUndici);
  return () => {
    unsubscribe('http.client.request.created', onHttp);
    unsubscribe('undici:request:create', onUndici);
  };
}

/** The request of a channel's message. */
export function requestOf(message: unknown): object | undefined {
  if (typeof message !== 'object' || message === null || !('request' in message)) return undefined;
  const { request } = message;
  return typeof request === 'object' && request !== null ? request : undefined;
}

const claimed = new WeakSet<object>();

/** Whether another watcher of this process follows the request: a host may have one beside the package's. */
export function isClaimed(request: object): boolean {
  return claimed.has(request);
}

export function claim(request: object): void {
  claimed.add(request);
}
