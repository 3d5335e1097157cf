import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import type { OtlpRequest } from './otlp-server.ts';

/** What the server does instead of its default, which is to take the request as an OTLP receiver does. */
export interface Behaviour {
  /** When: as soon as somebody connects, once the head of a request is there, or once all of it is. */
  readonly at: 'connection' | 'head' | 'request';
  run(socket: Socket): void;
  /** Whether the request counts as taken. */
  readonly takes?: boolean;
}

export interface Arrival extends OtlpRequest {
  readonly headers: ReadonlyMap<string, string>;
  /** Of the head, in the time of `performance.now()`. */
  readonly millis: number;
  readonly connection: number;
  /** Whether the sender was told that it arrived. */
  readonly isTaken: boolean;
}

export interface FaultyServerOptions {
  readonly host?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** For a server that comes back where it was. */
  readonly port?: number;
  /** What the first requests meet. */
  readonly script?: readonly Behaviour[];
  /** What all others meet. */
  readonly otherwise?: (request: OtlpRequest) => Behaviour;
}

/** An HTTP server, by hand, that fails as a test asks it to: once for each behaviour of its script. */
export class FaultyServer implements AsyncDisposable {
  readonly arrivals: Arrival[] = [];
  /** Heads of requests, also of those that were not read to their end. */
  heads = 0;
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #events = new EventEmitter<{ change: [] }>();
  readonly #script: Behaviour[];
  readonly #otherwise: (request: OtlpRequest) => Behaviour;

  static async start(options: FaultyServerOptions = {}): Promise<FaultyServer> {
    const server = new FaultyServer(options);
    server.#server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor({ tls, script = [], otherwise = () => accept }: FaultyServerOptions) {
    this.#script = [...script];
    this.#otherwise = otherwise;
    const onConnection = (socket: Socket) => this.#serve(socket);
    this.#server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port.');
    return address.port;
  }

  /** The requests of a signal that were taken, in order. */
  taken(signal: string): Arrival[] {
    return this.arrivals.filter(({ path, isTaken }) => isTaken && path.startsWith(`/v1/${signal}`));
  }

  willDo(...behaviours: Behaviour[]): void {
    this.#script.push(...behaviours);
  }

  /** Resolves once it holds; looked at whenever something arrives. */
  async until(holds: (server: this) => boolean, timeoutMillis = 30_000): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMillis);
    while (!holds(this)) await once(this.#events, 'change', { signal: deadline });
  }

  /** Resolves once nobody is connected, and nobody can be any more. */
  async stopListening(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }

  closeConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.closeConnections();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    const connection = ++this.connections;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // Of a connection that the other side, or a behaviour, has cut.
    socket.on('error', () => {});
    if (this.#script[0]?.at === 'connection') {
      this.#script.shift()?.run(socket);
      this.#events.emit('change');
      return;
    }
    let received = Buffer.alloc(0);
    let behaviour: Behaviour | undefined;
    let headMillis = 0;
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, Buffer.from(chunk)]);
      for (;;) {
        const headEnd = received.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        const { path, headers } = parseHead(received.subarray(0, headEnd).toString('latin1'));
        if (headMillis === 0) {
          headMillis = performance.now();
          this.heads += 1;
          behaviour = this.#script.shift();
          if (behaviour?.at === 'head') {
            socket.removeAllListeners('data');
            behaviour.run(socket);
            this.#events.emit('change');
            return;
          }
        }
        const end = headEnd + 4 + Number(headers.get('content-length') ?? 0);
        if (received.length < end) return;
        const raw = received.subarray(headEnd + 4, end);
        const encoding = headers.get('content-encoding');
        const body = encoding === 'gzip' ? gunzipSync(raw) : raw;
        const request = { path, contentType: headers.get('content-type'), encoding, body };
        const { run, takes: isTaken = false } = behaviour ?? this.#otherwise(request);
        this.arrivals.push({ ...request, headers, millis: headMillis, connection, isTaken });
        received = received.subarray(end);
        headMillis = 0;
        run(socket);
        this.#events.emit('change');
      }
    });
  }
}

function parseHead(head: string): { path: string; headers: Map<string, string> } {
  const [start = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { path: start.split(' ')[1] ?? '', headers };
}

export interface AnswerOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

function writeAnswer(socket: Socket, status: number, { headers = {}, body = '' }: AnswerOptions): void {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ 'Content-Length': String(bytes.length), ...headers }).map((pair) => pair.join(': '));
  socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} \r\n${lines.join('\r\n')}\r\n\r\n`), bytes]));
}

/** Reads the request, and answers. */
export function answer(status: number, options: AnswerOptions = {}): Behaviour {
  return {
    at: 'request',
    takes: status >= 200 && status < 300,
    run: (socket) => writeAnswer(socket, status, options),
  };
}

export const accept = answer(200, { headers: { 'Content-Type': 'application/x-protobuf' } });

/** The same over a connection that ends with it: so none is left where the receiver goes away. */
export const acceptAndClose = answer(200, {
  headers: { 'Content-Type': 'application/x-protobuf', Connection: 'close' },
});

/** Answers before it has read the request, of which it reads no more; and closes, or leaves that to the other side. */
export function answerEarly(status: number, { closes = true } = {}): Behaviour {
  return {
    at: 'head',
    run(socket) {
      socket.pause();
      writeAnswer(socket, status, { headers: closes ? { Connection: 'close' } : {} });
      if (closes) socket.end();
    },
  };
}

/** Sends bytes that need not be HTTP, and closes. */
export function raw(bytes: string | Uint8Array, at: Behaviour['at'] = 'request', takes = false): Behaviour {
  return { at, takes, run: (socket) => socket.end(bytes) };
}

/** Never says a word. */
export const hang = (at: Behaviour['at']): Behaviour => ({ at, run: (socket) => socket.resume() });

/** A TCP reset, not an orderly end. */
export const reset = (at: Behaviour['at']): Behaviour => ({ at, run: (socket) => socket.resetAndDestroy() });

/** Sends a beginning, and then one byte after the other for as long as somebody listens. */
export function drip(beginning: string, takes = false): Behaviour {
  return {
    at: 'request',
    takes,
    run(socket) {
      socket.write(beginning);
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(timer));
    },
  };
}

/** Answers with a body of so many bytes, as fast as they are read. */
export function flood(status: number, bytes: number): Behaviour {
  return {
    at: 'request',
    takes: true,
    run(socket) {
      socket.write(`HTTP/1.1 ${status} \r\nContent-Length: ${bytes}\r\n\r\n`);
      const chunk = Buffer.alloc(65_536, 0xff);
      let left = bytes;
      const more = () => {
        while (left > 0 && !socket.destroyed) {
          left -= chunk.length;
          if (!socket.write(chunk)) {
            socket.once('drain', more);
            return;
          }
        }
      };
      more();
    },
  };
}
