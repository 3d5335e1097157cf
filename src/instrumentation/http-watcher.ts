import { HttpCalls } from './http-calls.ts';
import { HttpRequests } from './http-requests.ts';
import { SignalApi } from './signal-api.ts';
import type { CallTracker } from './tracker.ts';
import { UndiciRequests } from './undici-requests.ts';
import type { RequestWatcher } from './watch.ts';

/**
 * Sees the calls in the requests of this process.
 * @param baseUrls of Signal's API; none: what looks like it.
 */
export function createHttpWatcher(baseUrls: readonly string[], tracker: CallTracker): RequestWatcher {
  const calls = new HttpCalls(new SignalApi(baseUrls), tracker);
  const http = new HttpRequests((request) => calls.observe(request));
  const undici = new UndiciRequests((request) => calls.observe(request));
  return {
    onHttpRequest: (request) => http.onRequest(request),
    onUndiciRequest: (request) => undici.onRequest(request),
    close: () => {
      http.close();
      undici.close();
    },
  };
}
