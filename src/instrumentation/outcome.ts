import { requestKey } from './signal-api.ts';

/** How far an operation is, by an answer of the server's. */
export type Outcome =
  /** `ids` are those under which it can be asked for. */
  | { readonly state: 'pending'; readonly ids: readonly string[] }
  | { readonly state: 'completed'; readonly result: object }
  | { readonly state: 'failed' };

const PENDING = /^(?:pending|queued|running|submitted|in_progress|processing)$/i;
const FAILED = /^(?:failed|error|cancell?ed)$/i;
/** What only an operation that is over has. */
const RESULTS = ['result', 'loss', 'step', 'outputs', 'artifact_uri', 'artifactUri'];

/** Reads an answer to an operation or to a question for it. A failed one has HTTP status 200. */
export function outcomeOf(answer: object, runId?: string): Outcome {
  const status = textIn(answer, ['status']) ?? '';
  if (FAILED.test(status)) return { state: 'failed' };
  const futureId = textIn(answer, ['future_id', 'futureId']);
  const requestId = textIn(answer, ['request_id', 'requestId']);
  const hasResult = RESULTS.some((key) => (Reflect.get(answer, key) ?? undefined) !== undefined);
  if (!hasResult && (PENDING.test(status) || (status === '' && futureId !== undefined))) {
    const request = requestId !== undefined && runId !== undefined ? [requestKey(runId, requestId)] : [];
    return { state: 'pending', ids: [...(futureId === undefined ? [] : [futureId]), ...request] };
  }
  const result: unknown = Reflect.get(answer, 'result');
  return { state: 'completed', result: typeof result === 'object' && result !== null ? result : answer };
}

/** The first text under one of these keys. */
export function textIn(answer: object, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value: unknown = Reflect.get(answer, key);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
