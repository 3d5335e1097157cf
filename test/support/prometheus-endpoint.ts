import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Attributes } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect } from 'vitest';
import { BoundMetricProducer } from '../../src/bound-meter/producer.ts';
import { BoundMeterProvider } from '../../src/bound-meter/provider.ts';
import { createPrometheusReader, type PrometheusOptions } from '../../src/delivery/prometheus.ts';
import { type Family, parseExposition } from './exposition.ts';

/** The package's own Prometheus endpoint, in this process; leaving its scope closes it. */
export interface Endpoint extends AsyncDisposable {
  readonly port: number;
  readonly provider: BoundMeterProvider;
  readonly sdk: MeterProvider;
  scrape(): Promise<Map<string, Family>>;
}

export async function startEndpoint(
  options: Partial<PrometheusOptions> = {},
  resource: Attributes = {},
): Promise<Endpoint> {
  const provider = new BoundMeterProvider({
    readers: [
      {
        temporality: {
          counter: 'cumulative',
          upDownCounter: 'cumulative',
          gauge: 'cumulative',
          histogram: 'cumulative',
        },
        histograms: { type: 'default' },
        resolution: 'last',
      },
    ],
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<number>();
  const reader = createPrometheusReader({
    host: '127.0.0.1',
    port: 0,
    metricProducers: [new BoundMetricProducer(provider, 0)],
    log: { info: (message) => resolve(Number(/:(\d+)\//.exec(message)?.[1])), warn: reject },
    ...options,
  });
  const sdk = new MeterProvider({ readers: [reader], resource: resourceFromAttributes(resource) });
  const port = await listening;
  return {
    port,
    provider,
    sdk,
    scrape: async () => {
      const { status, body } = await get(port);
      expect(status).toBe(200);
      return parseExposition(body);
    },
    [Symbol.asyncDispose]: () => sdk.shutdown(),
  };
}

export interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

export async function get(port: number, { path = '/metrics', method = 'GET', headers = {} } = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
  const [response] = await once(sent.end(), 'response');
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode, body };
}

/** A connection, what comes back over it, and its end, in whatever way. */
export function open(port: number): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more;
  });
  const { promise: answer, resolve } = Promise.withResolvers<string>();
  socket.on('close', () => resolve(text));
  return { socket, answer };
}

/** Sends bytes as they are, and reads to the end. */
export function raw(port: number, bytes: string): Promise<string> {
  const { socket, answer } = open(port);
  socket.end(bytes, 'latin1');
  return answer;
}
