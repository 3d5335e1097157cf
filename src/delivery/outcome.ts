import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';

/** What became of a request. */
export type Outcome =
  | {
      readonly kind: 'accepted';
      /** How many points the receiver left out, and will not take another time. */
      readonly rejectedPoints: number;
      /** What is worth a warning all the same. */
      readonly doubt?: string;
    }
  /** Sending it again would change nothing. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It was not even sent: the receiver takes no points of this age. */
  | { readonly kind: 'tooOld' }
  | {
      readonly kind: 'tooLarge';
      readonly reason: string;
      /** In how many parts the receiver will probably take it. */
      readonly parts: number;
    }
  /** It may be taken another time. */
  | {
      readonly kind: 'unavailable';
      readonly reason: string;
      readonly retryAfterMillis?: number;
      /** Whether it may be this very request that the receiver fails at. */
      readonly isSuspect?: boolean;
    };

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly body: Uint8Array;
}

/** What a receiver, or a proxy before it, says of itself, whatever the request. */
const SAYS_NOTHING_OF_THE_REQUEST: readonly number[] = [408, 429, 502, 503, 504];

/** A server that asks for a longer pause has most likely been set up wrongly. */
const MAX_RETRY_AFTER_MILLIS = 3_600_000;

/**
 * What an answer means. The OTLP specification calls 429, 502, 503 and 504 retryable; here every 5xx is, since a proxy
 * says 500 as well while what is behind it restarts, and so is 408.
 */
export function judge(answer: HttpAnswer): Outcome {
  const { status, contentType, retryAfter } = answer;
  if (status >= 200 && status < 300) return judgeSuccess(answer);
  const reason = `it answers ${status}`;
  if (status === 413) return { kind: 'tooLarge', reason, parts: 2 };
  if (status !== 429 && status !== 408 && status < 500) return { kind: 'refused', reason };
  const retryAfterMillis = parseRetryAfter(retryAfter, Date.now());
  const isPage = contentType.startsWith('text/html') ? ', with a web page' : '';
  return {
    kind: 'unavailable',
    reason: `${reason}${isPage}`,
    isSuspect: retryAfterMillis === undefined && !SAYS_NOTHING_OF_THE_REQUEST.includes(status),
    ...(retryAfterMillis !== undefined && { retryAfterMillis }),
  };
}

/** Why no answer came. The code alone: a message may hold a URL with a key in it. */
export function noAnswer(error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
  if (code === 'ABORT_ERR') return { kind: 'unavailable', reason: 'no answer in time' };
  const isHttp = !code.startsWith('HPE_');
  return { kind: 'unavailable', reason: isHttp ? code : `what answers there does not speak HTTP (${code})` };
}

/** Seconds or a date; `undefined` where there is neither. */
export function parseRetryAfter(header: string | undefined, nowMillis: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  const millis = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMillis;
  return Number.isFinite(millis) ? Math.min(Math.max(millis, 0), MAX_RETRY_AFTER_MILLIS) : undefined;
}

function judgeSuccess({ status, contentType, body }: HttpAnswer): Outcome {
  // A page that someone reads: a wrong address, or a network that asks to sign in first. Nobody has taken the data.
  if (contentType.startsWith('text/html')) {
    return { kind: 'unavailable', reason: `it answers ${status} with a web page, not as an OTLP receiver` };
  }
  if (body.length === 0) return { kind: 'accepted', rejectedPoints: 0 };
  try {
    return { kind: 'accepted', rejectedPoints: rejectedPoints(contentType, body) };
  } catch {
    // Some receivers answer a plain "ok". To send it again and again would be worse than to believe them.
    return { kind: 'accepted', rejectedPoints: 0, doubt: `it answers ${status}, but not as an OTLP receiver does` };
  }
}

/** No answer in protobuf begins with it. */
const OPENING_BRACE = 0x7b;

/** @throws Error where the body is none that OTLP has. */
function rejectedPoints(contentType: string, body: Uint8Array): number {
  const isJson = contentType.startsWith('application/json') || body[0] === OPENING_BRACE;
  const partialSuccess = isJson
    ? partialSuccessOf(JSON.parse(new TextDecoder().decode(body)))
    : // The answers about spans and log records have the same fields by number.
      ProtobufMetricsSerializer.deserializeResponse(body).partialSuccess;
  // JSON carries 64-bit numbers as text.
  const rejected = Number(Object.entries(partialSuccess ?? {}).find(([key]) => key.startsWith('rejected'))?.[1] ?? 0);
  return Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
}

function partialSuccessOf(response: unknown): unknown {
  if (typeof response !== 'object' || response === null) throw new TypeError('not an object');
  return 'partialSuccess' in response ? response.partialSuccess : undefined;
}
