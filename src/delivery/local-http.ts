import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { isIP, isIPv4, type Socket } from 'node:net';

/** Who asks here sends one short request; who takes longer to ask does not mean to. */
const REQUEST_TIMEOUT_MILLIS = 10_000;
const MAX_CONNECTIONS = 100;

/** Workers and cluster children run the same start-up, each with something of its own to show. */
const PORTS_TO_TRY = 100;

export interface LocalServerOptions {
  readonly answer: RequestListener;
  /** How long a request may take to come in. Default: 10 s. */
  readonly requestTimeoutMillis?: number | undefined;
}

/** A small HTTP server beside the training: it keeps no process alive, and bounds what others can have it hold. */
export function createLocalServer({
  answer,
  requestTimeoutMillis = REQUEST_TIMEOUT_MILLIS,
}: LocalServerOptions): Server {
  const server = createServer({
    requestTimeout: requestTimeoutMillis,
    headersTimeout: requestTimeoutMillis,
    connectionsCheckingInterval: requestTimeoutMillis / 2,
  });
  server.on('request', answer);
  // Not the connections alone, which a browser holds open: the process ends beside them.
  server.on('connection', (socket: Socket) => socket.unref());
  limitConnections(server);
  return server.unref();
}

export interface ListenOptions {
  readonly host: string;
  /** 0 lets the system choose; another one that is taken makes way for the next free one. */
  readonly port: number;
  /** Is told where the server is to be reached, as a URL without a path, and in words whether it is another port. */
  readonly onListening: (url: string, note: string) => void;
  readonly onFailed: (code: string | undefined) => void;
}

export function listenLocally(server: Server, { host, port, onListening, onFailed }: ListenOptions): void {
  let candidate = port;
  server.on('error', (error: NodeJS.ErrnoException) => {
    const mayTryNext = error.code === 'EADDRINUSE' && candidate < Math.min(port + PORTS_TO_TRY, 65_535);
    if (mayTryNext) {
      candidate += 1;
      server.listen(candidate, host);
    } else {
      onFailed(error.code);
    }
  });
  server.on('listening', () => {
    const address = server.address();
    if (typeof address !== 'object' || address === null) return;
    const shownHost = host.includes(':') ? `[${host}]` : host;
    const note = port !== 0 && address.port !== port ? ` (port ${port} is taken)` : '';
    onListening(`http://${shownHost}:${address.port}`, note);
  });
  server.listen(candidate, host);
}

export function refuse(response: ServerResponse, status: number, why: string): void {
  // The connection goes with it: a body that nobody wants would have to be read first.
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${why}\n`);
}

/**
 * Whether the name by which a request calls a server on loopback is one that no page on the web can have: its name may
 * be made to lead here (DNS rebinding), and its scripts could then read the answer. Names below `.internal` are nobody's
 * on the web; Docker's `host.docker.internal` is one. A server that others can reach anyhow may be called anything.
 */
export function isWelcome(header: string | undefined, host: string): boolean {
  if (header === undefined || !isLoopback(host)) return true;
  const called = header
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  return isIP(called) !== 0 || called === host.toLowerCase() || /^(.+\.)?(localhost|internal)$/.test(called);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Connections that are held open, by mistake or on purpose, give way to newer ones: the process has other files to open. */
function limitConnections(server: Server): void {
  const oldestFirst = new Set<Socket>();
  server.on('connection', (socket) => {
    oldestFirst.add(socket);
    socket.on('close', () => oldestFirst.delete(socket));
    if (oldestFirst.size <= MAX_CONNECTIONS) return;
    for (const oldest of oldestFirst) {
      oldestFirst.delete(oldest);
      oldest.destroy();
      break;
    }
  });
  server.on('request', ({ socket }) => {
    if (oldestFirst.delete(socket)) oldestFirst.add(socket);
  });
}
