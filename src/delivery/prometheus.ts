import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { DiagLogger } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import type { MetricProducer, MetricReader } from '@opentelemetry/sdk-metrics';

export interface PrometheusOptions {
  readonly host: string;
  /** 0 lets the system choose; another one that is taken makes way for the next free one. */
  readonly port: number;
  /** What it shows beside the SDK's own metrics. */
  readonly metricProducers: MetricProducer[];
  readonly log: Pick<DiagLogger, 'info' | 'warn'>;
}

const PATH = '/metrics';

/** Workers and cluster children run the same start-up, each with metrics of its own to show. */
const PORTS_TO_TRY = 100;

/**
 * A reader that shows its metrics at `http://host:port/metrics`. The exporter's own server takes no port 0, listens on
 * one fixed port or fails, so the package brings the server and the exporter the text.
 */
export function createPrometheusReader(options: PrometheusOptions): MetricReader {
  const reader = new PrometheusExporter({ preventServerStart: true, metricProducers: options.metricProducers });
  const server = createServer((request, response) => answer(reader, request, response)).unref();
  listen(server, options);
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

function answer(reader: PrometheusExporter, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end('Only GET is answered here\n');
  } else if (path !== PATH) {
    response.writeHead(404).end(`Metrics are at ${PATH}\n`);
  } else {
    reader.getMetricsRequestHandler(request, response);
  }
}
