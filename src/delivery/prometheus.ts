import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, isIPv4, type Socket } from 'node:net';
import type { DiagLogger } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { MetricProducer, MetricReader } from '@opentelemetry/sdk-metrics';
import { forPrometheus } from './prometheus-labels.ts';

export interface PrometheusOptions {
  readonly host: string;
  /** 0 lets the system choose; another one that is taken makes way for the next free one. */
  readonly port: number;
  /** What it shows beside the SDK's own metrics. */
  readonly metricProducers: MetricProducer[];
  readonly log: Pick<DiagLogger, 'info' | 'warn'>;
  /** How long a request may take to come in. Default: 10 s. */
  readonly requestTimeoutMillis?: number;
}

const PATH = '/metrics';

/** A scrape is one short request; who takes longer to ask does not mean to. */
const REQUEST_TIMEOUT_MILLIS = 10_000;
const MAX_CONNECTIONS = 100;

const serializer = new PrometheusSerializer();

/** Workers and cluster children run the same start-up, each with metrics of its own to show. */
const PORTS_TO_TRY = 100;

/**
 * A reader that shows its metrics at `http://host:port/metrics`. The exporter's own server takes no port 0, listens on
 * one fixed port or fails, so the package brings the server and the exporter the text.
 */
export function createPrometheusReader(options: PrometheusOptions): MetricReader {
  const reader = new PrometheusExporter({ preventServerStart: true, metricProducers: options.metricProducers });
  const { requestTimeoutMillis = REQUEST_TIMEOUT_MILLIS } = options;
  const server = createServer({
    requestTimeout: requestTimeoutMillis,
    headersTimeout: requestTimeoutMillis,
    connectionsCheckingInterval: requestTimeoutMillis / 2,
  });
  server.on('request', (request, response) => void answer(reader, request, response, options.host));
  limitConnections(server);
  listen(server.unref(), options);
  const shutDownReader = reader.shutdown.bind(reader);
  reader.shutdown = async (shutdownOptions) => {
    await shutDownReader(shutdownOptions);
    server.closeAllConnections();
    server.close();
  };
  return reader;
}

function listen(server: Server, { host, port, log }: PrometheusOptions): void {
  let candidate = port;
  server.on('error', (error: NodeJS.ErrnoException) => {
    const mayTryNext = error.code === 'EADDRINUSE' && candidate < Math.min(port + PORTS_TO_TRY, 65_535);
    if (mayTryNext) {
      candidate += 1;
      server.listen(candidate, host);
    } else {
      log.warn(
        `no Prometheus endpoint on ${host}:${port} (${error.code}); OTEL_EXPORTER_PROMETHEUS_PORT chooses another`,
      );
    }
  });
  server.on('listening', () => {
    const address = server.address();
    if (typeof address !== 'object' || address === null) return;
    const shownHost = host.includes(':') ? `[${host}]` : host;
    const note = port !== 0 && address.port !== port ? ` (port ${port} is taken)` : '';
    log.info(`Prometheus metrics at http://${shownHost}:${address.port}${PATH}${note}`);
  });
  server.listen(candidate, host);
}

/** Refuses what is no scrape, and answers with the metrics as they are now. */
async function answer(reader: MetricReader, request: IncomingMessage, response: ServerResponse, host: string) {
  const { method, url = '' } = request;
  if (!isWelcome(request.headers.host, host)) {
    const advice = 'by an IP address, localhost or the name in OTEL_EXPORTER_PROMETHEUS_HOST';
    refuse(response, 421, `On loopback the metrics are to be asked for ${advice}`);
  } else if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    refuse(response, 405, 'Only GET is answered here');
  } else if (url.split('?', 1)[0] !== PATH) {
    refuse(response, 404, `Metrics are at ${PATH}`);
  } else {
    try {
      const { resourceMetrics } = await reader.collect();
      const text = serializer.serialize(forPrometheus(resourceMetrics));
      response
        .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
        .end(`${text.trimEnd()}\n`);
    } catch {
      refuse(response, 500, 'The metrics could not be read');
    }
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  // The connection goes with it: a body that nobody wants would have to be read first.
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${why}\n`);
}

/**
 * Whether the name by which a request calls a server on loopback is one that no page on the web can have: its name may
 * be made to lead here (DNS rebinding), and its scripts could then read the answer. Names below `.internal` are nobody's
 * on the web; Docker's `host.docker.internal` is one. A server that others can reach anyhow may be called anything.
 */
function isWelcome(header: string | undefined, host: string): boolean {
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
