import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type LocalServer, listen } from '../support/local-server.ts';
import { selfSigned } from '../support/tls.ts';

/** How the body of an answer comes over the wire. */
export const framings = ['identity', 'gzip', 'chunked', 'slow'] as const;
export type Framing = (typeof framings)[number];

export interface Posted {
  readonly path: string;
  /** Each time that the header was there. */
  readonly traceparents: readonly string[];
  readonly body: Buffer;
}

export interface SignalDouble extends LocalServer {
  readonly posted: readonly Posted[];
  /** A slow body goes on with each request for it. */
  readonly ackUrl: string;
}

export interface ScriptedAnswer {
  readonly framing: Framing;
  readonly body: object;
}

const ackPath = '/received';
const pieceBytes = 7;

/**
 * Answers a POST by what is scripted for its path; an asynchronous call with a future first.
 * @param answers by path.
 */
export async function startSignalDouble(
  answers: ReadonlyMap<string, ScriptedAnswer>,
  { isSecure = false } = {},
): Promise<SignalDouble> {
  const posted: Posted[] = [];
  const futures = new Map<string, ScriptedAnswer>();
  const acks = new EventEmitter<{ ack: [] }>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const body = await buffer(request);
    if (path === ackPath) {
      acks.emit('ack');
      response.end();
      return;
    }
    if (request.method === 'POST') posted.push({ path, traceparents: valuesOf(request, 'traceparent'), body });
    const [call = '', ...isAsync] = path.split(/(?=_async$)/);
    const answer = answers.get(call) ?? futures.get(path);
    if (answer === undefined) {
      response.writeHead(404).end();
    } else if (isAsync.length > 0) {
      const future = randomUUID();
      futures.set(`/futures/${future}`, { ...answer, body: { status: 'completed', result: answer.body } });
      await write(response, 'identity', JSON.stringify({ future_id: future, status: 'pending' }));
    } else {
      await write(response, answer.framing, JSON.stringify(answer.body));
    }
  }

  async function write(response: ServerResponse, framing: Framing, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    response.setHeader('content-type', 'application/json');
    switch (framing) {
      case 'identity':
        response.setHeader('content-length', bytes.length).end(bytes);
        return;
      case 'gzip':
        response.setHeader('content-encoding', 'gzip').end(gzipSync(bytes));
        return;
      default:
        for (const piece of piecesOf(bytes, framing === 'slow' ? 3 : bytes.length / pieceBytes)) {
          response.write(piece);
          if (framing === 'slow') await once(acks, 'ack');
        }
        response.end();
    }
  }

  const listener: RequestListener = (request, response) => {
    serve(request, response).catch((error) => response.destroy(error));
  };
  const server = isSecure ? createTlsServer(selfSigned, listener) : createServer(listener);
  const local = await listen(server, isSecure ? 'https' : 'http');
  return { ...local, posted, ackUrl: `${local.url}${ackPath}` };
}

function valuesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** Pieces that cut characters of several bytes in two. */
function piecesOf(bytes: Buffer, count: number): Buffer[] {
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}
