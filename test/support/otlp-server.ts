import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export interface OtlpRequest {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly encoding: string | undefined;
  /** As it was before compression. */
  readonly body: Buffer;
}

/** An OTLP/HTTP receiver that keeps what it gets. */
export interface OtlpServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly OtlpRequest[];
  /** What is answered from now on; 200 at first. */
  answerWith(status: number): void;
  /** Resolves with the first request that `matches`, now or later. */
  waitFor(matches: (request: OtlpRequest) => boolean): Promise<OtlpRequest>;
}

export async function startOtlpServer(): Promise<OtlpServer> {
  const requests: OtlpRequest[] = [];
  const arrivals = new EventEmitter<{ request: [] }>();
  let status = 200;
  const server = createServer(async (request, response) => {
    const raw = await buffer(request);
    const encoding = request.headers['content-encoding'];
    requests.push({
      path: request.url ?? '',
      contentType: request.headers['content-type'],
      encoding,
      body: encoding === 'gzip' ? gunzipSync(raw) : raw,
    });
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    arrivals.emit('request');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The OTLP server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    answerWith: (next) => {
      status = next;
    },
    async waitFor(matches) {
      const deadline = AbortSignal.timeout(15_000);
      for (;;) {
        const found = requests.find(matches);
        if (found !== undefined) return found;
        await once(arrivals, 'request', { signal: deadline });
      }
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
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
