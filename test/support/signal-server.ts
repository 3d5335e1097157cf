import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type LocalServer, listen, Received } from './local-server.ts';

export interface SignalRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answers one request. */
export type Answer = (request: SignalRequest, response: ServerResponse) => void;

/** A server with the paths of Signal's API that answers what a test tells it to. */
export interface SignalServer extends LocalServer {
  readonly requests: readonly SignalRequest[];
  /** Answers the next requests, one each; the last one all that follow. */
  answer(...answers: readonly Answer[]): void;
  /** Resolves with the first request that `matches`, now or later. */
  waitFor(matches: (request: SignalRequest) => boolean): Promise<SignalRequest>;
}

/** JSON with a status. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

export async function startSignalServer(): Promise<SignalServer> {
  const received = new Received<SignalRequest>();
  let answers: readonly Answer[] = [json({ error: 'the test tells no answer' }, 500)];
  const server = createServer(async (incoming: IncomingMessage, response) => {
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, path, headers, body: await buffer(incoming) };
    const [answer, ...later] = answers;
    if (later.length > 0) answers = later;
    answer?.(request, response);
    received.add(request);
  });
  return {
    ...(await listen(server)),
    requests: received.all,
    answer: (...next) => {
      answers = next;
    },
    waitFor: (matches) => received.waitFor(matches),
  };
}
