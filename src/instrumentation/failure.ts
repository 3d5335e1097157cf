import { errorType } from '../otel/errors.ts';

/** Why a call failed, in words of which there are few. What the server says of it may quote the batch: it is left out. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  /** What OpenTelemetry calls `error.type`: the status, or the code of the client's error. */
  readonly code: string;
  readonly kind: FailureKind;
  /** Whether a client that repeats the call may succeed. */
  readonly isPassing: boolean;

  private constructor(code: string, kind: FailureKind, message: string, isPassing: boolean) {
    super(message);
    this.code = code;
    this.kind = kind;
    this.isPassing = isPassing;
    // Where it was made says nothing of the call.
    this.stack = '';
  }

  static ofStatus(status: number): CallFailure {
    const kind = kindOf(status);
    return new CallFailure(String(status), kind, `HTTP ${status}: ${words(kind)}`, status === 429 || status >= 500);
  }

  /** @param error what the HTTP client failed with; `undefined` where the connection ended without one. */
  static ofConnection(error: unknown): CallFailure {
    const code = error === undefined ? 'ECONNRESET' : errorType(error);
    const kind = connectionKindOf(code);
    return new CallFailure(code, kind, `no complete answer: ${words(kind)}`, kind !== 'aborted');
  }

  /** Of an operation that was submitted, waited for, and failed at the server. */
  static ofOperation(): CallFailure {
    return new CallFailure('failed', 'operation', 'the server accepted the operation, and it failed', false);
  }
}

const KINDS = {
  400: 'invalid_request',
  401: 'authentication',
  402: 'credits',
  403: 'permission',
  404: 'not_found',
  413: 'too_large',
  422: 'validation',
  429: 'rate_limit',
  501: 'not_implemented',
  503: 'unavailable',
} as const;

export type FailureKind =
  | (typeof KINDS)[keyof typeof KINDS]
  | 'client'
  | 'server'
  | 'timeout'
  | 'aborted'
  | 'network'
  | 'operation';

function kindOf(status: number): FailureKind {
  const kinds: Readonly<Record<number, FailureKind>> = KINDS;
  return kinds[status] ?? (status >= 500 ? 'server' : 'client');
}

function connectionKindOf(code: string): FailureKind {
  if (/TIMEOUT|TIMEDOUT|TimeoutError/i.test(code)) return 'timeout';
  return /ABORT|CANCEL/i.test(code) ? 'aborted' : 'network';
}

function words(kind: FailureKind): string {
  return kind.replaceAll('_', ' ');
}
