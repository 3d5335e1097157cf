import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { HttpAnswer } from './outcome.ts';
import type { DeliveryRequest } from './request.ts';

/** As the official exporters describe it. */
export interface HttpConfiguration {
  readonly url: string;
  readonly headers: () => Promise<Record<string, string>>;
  readonly agentFactory: (protocol: string) => Agent | Promise<Agent>;
}

interface Client {
  readonly request: typeof import('node:http').request;
  readonly agent: Agent;
}

/** More than any OTLP answer has; the rest of a longer one is of no interest. */
const MAX_ANSWER_BYTES = 65_536;

/** A connection under way keeps the process from its end, and an address behind which nothing is would do so for long. */
const CONNECT_TIMEOUT_MILLIS = 3_000;

/** The longest that a timer of Node can wait. It takes a longer time, which a user may set, for none. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1;

/** Posts OTLP requests to one URL. */
export class HttpTransport {
  readonly #configuration: HttpConfiguration;
  readonly #url: URL;
  #client: Promise<Client> | undefined;

  constructor(configuration: HttpConfiguration) {
    this.#configuration = configuration;
    this.#url = new URL(configuration.url);
  }

  /** @throws Error where no answer has come in the time. */
  async post(request: DeliveryRequest, timeoutMillis: number): Promise<HttpAnswer> {
    const timeout = new AbortController();
    const timer = inTime(timeoutMillis, () => timeout.abort());
    try {
      this.#client ??= this.#open();
      const [client, headers] = await Promise.all([this.#client, this.#configuration.headers()]);
      for (;;) {
        try {
          return await this.#exchange(client, headers, request, timeout.signal);
        } catch (error) {
          // The server has closed a connection that was kept open, at the moment it was used again: it has read nothing.
          if (!(error instanceof ConnectionGone)) throw error;
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #open(): Promise<Client> {
    const { protocol } = this.#url;
    // Loaded here and not above: an instrumentation that the host registers later has to see them being loaded.
    const { request } = await (protocol === 'https:' ? import('node:https') : import('node:http'));
    return { request, agent: await this.#configuration.agentFactory(protocol) };
  }

  #exchange(
    { request, agent }: Client,
    headers: Record<string, string>,
    { contentType, encoding, body }: DeliveryRequest,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.#url, {
        method: 'POST',
        agent,
        signal,
        headers: {
          ...headers,
          'Content-Type': contentType,
          ...(encoding === 'gzip' && { 'Content-Encoding': encoding }),
        },
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const isGone = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(isGone ? new ConnectionGone() : error);
      });
      outgoing.on('response', (response) => {
        // From here on the status line says what became of the request, however the connection ends.
        resolve(readAnswer(response));
        // An answer before the whole request was read: whoever gives it may never read the rest.
        response.once('close', () => {
          if (!outgoing.writableFinished) outgoing.destroy();
        });
      });
      holdNothing(outgoing);
      outgoing.end(body);
    });
  }
}

class ConnectionGone extends Error {}

/** What is under way must not keep the process from its end, where the queue waits in its own way. */
function holdNothing(outgoing: ClientRequest): void {
  outgoing.on('socket', (socket) => {
    socket.unref();
    if (!socket.connecting) return;
    const timer = inTime(CONNECT_TIMEOUT_MILLIS, () => {
      if (socket.connecting) outgoing.destroy(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' }));
    });
    const forget = () => clearTimeout(timer);
    socket.once('connect', forget).once('close', forget);
  });
}

/**
 * Calls back after a time, but for a turn of the event loop: timers come before what has arrived, and where training has
 * kept the loop busy, an answer may lie there unread. To give up then would deliver the request twice.
 */
function inTime(millis: number, giveUp: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(giveUp), Math.min(millis, MAX_TIMER_MILLIS)).unref();
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The status line says whether the data was taken; the rest of the answer can be done without.
    chunks.length = 0;
  }
  return {
    status: response.statusCode ?? 0,
    contentType: (response.headers['content-type'] ?? '').toLowerCase(),
    retryAfter: response.headers['retry-after'],
    body: Buffer.concat(chunks),
  };
}
