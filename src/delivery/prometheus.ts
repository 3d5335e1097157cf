import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DiagLogger } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { MetricProducer, MetricReader } from '@opentelemetry/sdk-metrics';
import { createLocalServer, isWelcome, listenLocally, refuse } from './local-http.ts';
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

const serializer = new PrometheusSerializer();

/**
 * A reader that shows its metrics at `http://host:port/metrics`. The exporter's own server takes no port 0, listens on
 * one fixed port or fails, so the package brings the server and the exporter the text.
 */
export function createPrometheusReader(options: PrometheusOptions): MetricReader {
  const reader = new PrometheusExporter({ preventServerStart: true, metricProducers: options.metricProducers });
  const { host, port, log, requestTimeoutMillis } = options;
  const server = createLocalServer({
    answer: (request, response) => void answer(reader, request, response, host),
    requestTimeoutMillis,
  });
  listenLocally(server, {
    host,
    port,
    onListening: (url, note) => log.info(`Prometheus metrics at ${url}${PATH}${note}`),
    onFailed: (code) =>
      log.warn(`no Prometheus endpoint on ${host}:${port} (${code}); OTEL_EXPORTER_PROMETHEUS_PORT chooses another`),
  });
  const shutDownReader = reader.shutdown.bind(reader);
  reader.shutdown = async (shutdownOptions) => {
    await shutDownReader(shutdownOptions);
    server.closeAllConnections();
    server.close();
  };
  return reader;
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
