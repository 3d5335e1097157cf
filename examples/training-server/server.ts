import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { TrainingApi } from './api.ts';
import { ArtifactStore } from './artifacts.ts';
import { ApiError } from './errors.ts';
import { JsonReader } from './json-reader.ts';

const maxBodyBytes = 8 * 1024 * 1024;

export interface TrainingServerOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
}

export interface TrainingServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server of Signal's API that trains small policies in this process. */
export async function startTrainingServer(options: TrainingServerOptions = {}): Promise<TrainingServer> {
  const { port = 0, host = '127.0.0.1' } = options;
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The server has no port');
  }
  const url = `http://${host}:${address.port}`;
  const artifacts = new ArtifactStore(url);
  const api = new TrainingApi(artifacts);
  server.on('request', (request, response) => {
    void respond(request, response, () => answer(request, api, artifacts));
  });
  const closed = new Promise<void>((resolve) => {
    server.once('close', () => resolve());
  });
  return {
    url,
    close() {
      server.close();
      server.closeAllConnections();
      return closed;
    },
  };
}

async function respond(request: IncomingMessage, response: ServerResponse, compute: () => Promise<object>) {
  try {
    send(response, 200, await compute());
  } catch (error) {
    if (error instanceof ApiError) {
      send(response, error.status, error.body);
      return;
    }
    if (request.errored !== null) {
      return; // The client went away before its request was complete.
    }
    console.error(`${request.method} ${request.url} failed:`, error);
    send(response, 500, { error: 'Internal server error' });
  }
}

async function answer(request: IncomingMessage, api: TrainingApi, artifacts: ArtifactStore): Promise<object> {
  const { method = 'GET', headers, url = '/' } = request;
  const [path = '/'] = url.split('?');
  const artifact = /^\/artifacts\/(\w+)$/.exec(path)?.[1];
  if (artifact !== undefined) {
    return artifacts.read(artifact);
  }
  const userId = authenticate(headers.authorization);
  return api.answer({ method, path, userId, body: await readBody(request) });
}

/** Every well-formed key is a user of its own. */
function authenticate(authorization: string | undefined): string {
  const key = /^Bearer (sk-\S+)$/.exec(authorization ?? '')?.[1];
  if (key === undefined) {
    throw new ApiError(401, 'Missing or malformed API key: send "Authorization: Bearer sk-..."');
  }
  return `user_${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

async function readBody(request: IncomingMessage): Promise<JsonReader> {
  const chunks: Buffer[] = [];
  let size = 0;
  // A body that is too large is read to its end, though not kept: a client that is still writing would miss the answer.
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size <= maxBodyBytes) {
      chunks.push(bytes);
    }
  }
  if (size > maxBodyBytes) {
    throw new ApiError(413, `Request body exceeds ${maxBodyBytes} bytes`);
  }
  const text = Buffer.concat(chunks).toString();
  return new JsonReader(text === '' ? '{}' : text, ['body']).parsed();
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
