import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { DiagLogger } from '@opentelemetry/api';
import { createLocalServer, isWelcome, listenLocally, refuse } from '../delivery/local-http.ts';
import { Feed } from './feed.ts';
import { liveLayout } from './layout.ts';
import type { RunStore } from './run-store.ts';
import { type StaticFile, staticFiles } from './static-files.ts';

export interface LiveServerOptions {
  readonly store: RunStore;
  /** 0 lets the system choose; another one that is taken makes way for the next free one. */
  readonly port: number;
  readonly log: Pick<DiagLogger, 'info' | 'warn'>;
}

/** Nobody else than this machine's user. */
const HOST = '127.0.0.1';

/** The page loads nothing but what this server has, shows in no frame of another's, and sends nothing anywhere. */
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
} as const;

/**
 * The live page and its data, on this machine alone. It keeps no process alive.
 * @returns closes it.
 */
export function serveLivePage({ store, port, log }: LiveServerOptions): () => void {
  const feed = new Feed(store);
  const routes = new Routes(store, feed, staticFiles());
  const server: Server = createLocalServer({ answer: (request, response) => routes.answer(request, response) });
  listenLocally(server, {
    host: HOST,
    port,
    onListening: (url, note) => log.info(`live page at ${url}/${note}`),
    onFailed: (code) => log.warn(`no live page on ${HOST}:${port} (${code}); SIGNAL_LIVE_PORT chooses another port`),
  });
  return () => {
    feed.close();
    server.closeAllConnections();
    server.close();
  };
}

class Routes {
  readonly #store: RunStore;
  readonly #feed: Feed;
  readonly #files: ReadonlyMap<string, StaticFile>;

  constructor(store: RunStore, feed: Feed, files: ReadonlyMap<string, StaticFile>) {
    this.#store = store;
    this.#feed = feed;
    this.#files = files;
  }

  /** Refuses what is not the page's, and answers the rest. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '', headers } = request;
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (!isWelcome(headers.host, HOST)) {
      refuse(response, 421, 'The live page is to be asked for by an IP address or localhost');
    } else if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      refuse(response, 405, 'Only GET is answered here');
    } else if (isOfAnotherSite(request)) {
      refuse(response, 403, 'Only the live page itself may ask for this');
    } else {
      try {
        this.#find(url, request, response);
      } catch {
        refuse(response, 500, 'The live page could not be read');
      }
    }
  }

  #find(url: string, request: IncomingMessage, response: ServerResponse): void {
    const [path = '', query] = url.split('?', 2);
    const file = this.#files.get(path);
    if (file !== undefined) send(response, file.type, file.read());
    else if (path === '/api/layout') sendJson(response, liveLayout());
    else if (path === '/api/runs') sendJson(response, this.#feed.snapshot());
    else if (path === '/api/progress') sendJson(response, this.#store.progress());
    else if (path === '/api/stream') this.#stream(query, request, response);
    else refuse(response, 404, 'There is no such page; the live page is at /');
  }

  #stream(query: string | undefined, request: IncomingMessage, response: ServerResponse): void {
    // A browser that comes back says it in a header, the page that begins in its address.
    const given = request.headers['last-event-id'] ?? new URLSearchParams(query).get('after') ?? undefined;
    const lastId = Array.isArray(given) ? given[0] : given;
    if (request.method === 'HEAD') send(response, 'text/event-stream; charset=utf-8', '');
    else if (!this.#feed.listen(response, lastId)) refuse(response, 503, 'Too many pages listen: close one');
  }
}

function sendJson(response: ServerResponse, content: unknown): void {
  send(response, 'application/json; charset=utf-8', JSON.stringify(content));
}

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

/** Browsers say which page asks: another site's has no business here, unless the user follows its link. */
function isOfAnotherSite({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin !== undefined && origin !== `http://${host}`) return true;
  const site = headers['sec-fetch-site'];
  return (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-mode'] !== 'navigate';
}
