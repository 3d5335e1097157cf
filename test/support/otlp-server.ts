import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type LocalServer, listen, Received } from './local-server.ts';

export interface OtlpRequest {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly encoding: string | undefined;
  /** As it was before compression. */
  readonly body: Buffer;
}

/** An OTLP/HTTP receiver that keeps what it gets. */
export interface OtlpServer extends LocalServer {
  readonly requests: readonly OtlpRequest[];
  /** What is answered from now on; 200 at first. */
  answerWith(status: number): void;
  /** Resolves with the first request that `matches`, now or later. */
  waitFor(matches: (request: OtlpRequest) => boolean): Promise<OtlpRequest>;
}

export async function startOtlpServer(): Promise<OtlpServer> {
  const received = new Received<OtlpRequest>();
  let status = 200;
  const server = createServer(async (request, response) => {
    const raw = await buffer(request);
    const encoding = request.headers['content-encoding'];
    const body = encoding === 'gzip' ? gunzipSync(raw) : raw;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    received.add({ path: request.url ?? '', contentType: request.headers['content-type'], encoding, body });
  });
  return {
    ...(await listen(server)),
    requests: received.all,
    answerWith: (next) => {
      status = next;
    },
    waitFor: (matches) => received.waitFor(matches),
  };
}

/** Every value of a key anywhere in a JSON body, in order: OTLP nests deep, and a test looks for a few leaves. */
export function valuesOf(request: OtlpRequest, key: string): unknown[] {
  const found: unknown[] = [];
  JSON.parse(request.body.toString('utf8'), (name, value: unknown) => {
    if (name === key) found.push(value);
    return value;
  });
  return found;
}
