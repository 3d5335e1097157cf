/** An HTTP request, before anything of it is sent. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  setHeader(name: string, value: string): void;
}

export interface ResponseHead {
  readonly status: number;
  /** @param name in lower case. */
  header(name: string): string | undefined;
}

/** Sees a request and its answer on their way. It is told of all that happens, and changes nothing. */
export interface Exchange {
  onRequestChunk(chunk: Uint8Array | string): void;
  /** The request has been sent. */
  onRequestEnd(): void;
  onResponse(head: ResponseHead): void;
  /** `chunk` is the client's own: it may change once this returns. */
  onResponseChunk(chunk: Uint8Array): void;
  onResponseEnd(): void;
  /** The exchange ended otherwise. */
  onError(error: unknown): void;
}

/** Decides which requests are looked at. */
export type Observe = (request: HttpRequest) => Exchange | undefined;

/** An observer must never be felt: what goes wrong in it ends here. */
export function shielded(exchange: Exchange, onFailure: (error: unknown) => void): Exchange {
  let isBroken = false;
  const guarded = (tell: () => void) => {
    if (isBroken) return;
    try {
      tell();
    } catch (error) {
      isBroken = true;
      onFailure(error);
    }
  };
  return {
    onRequestChunk: (chunk) => guarded(() => exchange.onRequestChunk(chunk)),
    onRequestEnd: () => guarded(() => exchange.onRequestEnd()),
    onResponse: (head) => guarded(() => exchange.onResponse(head)),
    onResponseChunk: (chunk) => guarded(() => exchange.onResponseChunk(chunk)),
    onResponseEnd: () => guarded(() => exchange.onResponseEnd()),
    onError: (error) => guarded(() => exchange.onError(error)),
  };
}
