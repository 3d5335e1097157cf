/** The primitives of Signal's API, by the names in its paths. */
export const PRIMITIVES = ['forward_backward', 'optim_step', 'sample', 'save_state'] as const;
export type Primitive = (typeof PRIMITIVES)[number];

/** Whether a primitive's answer tells how training goes; the others answer texts, tokens and addresses. */
export function hasMetrics(primitive: string): boolean {
  return primitive === 'forward_backward' || primitive === 'optim_step';
}

/** What a request asks of Signal. */
export type ApiRequest =
  | { readonly kind: 'primitive'; readonly primitive: Primitive; readonly runId: string }
  | { readonly kind: 'createRun' }
  /** The state of an operation that was submitted before, by the id of its future or by `requestKey`. */
  | { readonly kind: 'poll'; readonly id: string }
  | { readonly kind: 'queueStats'; readonly runId: string }
  | { readonly kind: 'complete'; readonly runId: string };

const PATH = /^(?<base>.*?)\/(?:runs(?:\/(?<runId>[^/]+)\/(?<rest>.+))?|futures\/(?<futureId>[^/]+))$/;
const PRIMITIVE = new RegExp(`^(?<primitive>${PRIMITIVES.join('|')})(?:_async|/stream)?$`);
const REQUEST = /^requests\/(?<requestId>[^/]+)\/status$/;

/** A run's id as Signal makes it. */
export const RUN_ID = /^run_[0-9a-f]{16}$/i;

/**
 * Tells which requests are Signal's.
 *
 * With base URLs these are the requests below them. Without, any request whose path names a run as Signal does: drivers
 * often have the base URL from a command line, where nobody else can see it.
 */
export class SignalApi {
  readonly #baseUrls: readonly string[];

  constructor(baseUrls: readonly string[]) {
    this.#baseUrls = baseUrls.map((url) => baseOf(new URL(url)));
  }

  match(method: string, url: URL): ApiRequest | undefined {
    const path = PATH.exec(withoutTrailingSlash(url.pathname));
    if (path === null) return undefined;
    const { base = '', runId, rest, futureId } = path.groups ?? {};
    const isKnown = this.#baseUrls.includes(`${url.origin}${base}`);
    if (!isKnown && this.#baseUrls.length > 0) return undefined;
    // Without a base URL the answer, or the id, tells whether it is Signal's.
    if (futureId !== undefined) return method === 'GET' ? { kind: 'poll', id: futureId } : undefined;
    if (rest === undefined || runId === undefined) return method === 'POST' ? { kind: 'createRun' } : undefined;
    if (!isKnown && !RUN_ID.test(runId)) return undefined;
    return method === 'POST' ? posted(runId, rest) : asked(method, runId, rest);
  }
}

/** What tells a request from those of other runs. */
export function requestKey(runId: string, requestId: string): string {
  return `${runId}/${requestId}`;
}

function posted(runId: string, rest: string): ApiRequest | undefined {
  if (rest === 'complete') return { kind: 'complete', runId };
  const named = PRIMITIVE.exec(rest)?.groups?.primitive;
  const primitive = PRIMITIVES.find((each) => each === named);
  return primitive && { kind: 'primitive', primitive, runId };
}

function asked(method: string, runId: string, rest: string): ApiRequest | undefined {
  if (method !== 'GET') return undefined;
  if (rest === 'queue/stats') return { kind: 'queueStats', runId };
  const requestId = REQUEST.exec(rest)?.groups?.requestId;
  return requestId === undefined ? undefined : { kind: 'poll', id: requestKey(runId, requestId) };
}

function baseOf({ origin, pathname }: URL): string {
  return `${origin}${withoutTrailingSlash(pathname)}`;
}

function withoutTrailingSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
