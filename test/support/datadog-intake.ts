import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, inflateSync } from 'node:zlib';
import {
  decodeJsonSeries,
  decodeLogs,
  decodeSeries,
  decodeSketches,
  decodeSpans,
  type Log,
  type Series,
  type Sketch,
  type Span,
} from './datadog-wire.ts';
import { listen, Traffic } from './local-server.ts';
import { decodeOtlpLogs, decodeOtlpMetrics, decodeOtlpSpans, encodeOtlpRefusal } from './otlp-wire.ts';

/** What a request to the OTLP intake may be, in bytes: as sent, and decompressed. */
const OTLP_LIMITS = [500_000, 5_000_000] as const;

export interface IntakeRequest {
  readonly method: string;
  readonly path: string;
  /** What was answered. */
  readonly status: number;
}

/** A double of Datadog's intake: the real wire format, and the refusals of the real one. */
export interface DatadogIntake extends AsyncDisposable {
  readonly url: string;
  /** The variables that point a Collector with the repository's configuration here. */
  readonly collectorEnv: Readonly<Record<string, string>>;
  /** Everything accepted so far, in the order of arrival. */
  readonly series: readonly Series[];
  readonly sketches: readonly Sketch[];
  readonly spans: readonly Span[];
  readonly logs: readonly Log[];
  /** Every request, accepted or not. */
  readonly requests: readonly IntakeRequest[];
  /** Resolves with what `find` returns once that is neither false nor undefined; looks again on every arrival. */
  waitFor<T>(find: () => T | false | undefined, options?: { readonly timeoutMillis?: number }): Promise<T>;
  /** An outage: everything is answered with this status and nothing is kept, until `null` ends it. */
  failWith(status: number | null): void;
  close(): Promise<void>;
}

interface Endpoint {
  /** What Datadog answers with when it accepts. */
  readonly status: number;
  readonly accept: (body: Uint8Array, isJson: boolean, headers: IncomingHttpHeaders) => void;
}

interface Verdict {
  readonly status: number;
  readonly reason?: string;
}

export async function startDatadogIntake({ apiKey = 'key-of-the-intake-double' } = {}): Promise<DatadogIntake> {
  const series: Series[] = [];
  const sketches: Sketch[] = [];
  const spans: Span[] = [];
  const logs: Log[] = [];
  const requests: IntakeRequest[] = [];
  const traffic = new Traffic(arrivals);
  let outageStatus: number | null = null;

  const endpoints = new Map<string, Endpoint>([
    ['GET /api/v1/validate', { status: 200, accept: () => {} }],
    [
      'POST /api/v2/series',
      { status: 202, accept: (body, isJson) => series.push(...(isJson ? decodeJsonSeries(body) : decodeSeries(body))) },
    ],
    ['POST /api/beta/sketches', { status: 202, accept: (body) => sketches.push(...decodeSketches(body)) }],
    ['POST /api/v0.2/traces', { status: 200, accept: (body) => spans.push(...decodeSpans(body)) }],
    ['POST /api/v2/logs', { status: 202, accept: (body) => logs.push(...decodeLogs(body)) }],
    [
      'POST /v1/metrics',
      {
        status: 200,
        accept: (body, _, headers) => {
          const decoded = decodeOtlpMetrics(body, JSON.parse(String(headers['dd-otel-metric-config'] ?? '{}')));
          series.push(...decoded.series);
          sketches.push(...decoded.sketches);
        },
      },
    ],
    ['POST /v1/traces', { status: 200, accept: (body) => spans.push(...decodeOtlpSpans(body)) }],
    ['POST /v1/logs', { status: 200, accept: (body) => logs.push(...decodeOtlpLogs(body)) }],
  ]);

  function judge({ method, headers }: IncomingMessage, { pathname, searchParams }: URL, body: Uint8Array): Verdict {
    if (outageStatus !== null) return { status: outageStatus, reason: 'an outage' };
    const key = headers['dd-api-key'] ?? (isOtlp(pathname) ? undefined : searchParams.get('api_key'));
    if (key !== apiKey) return { status: 403, reason: 'not the key' };
    const endpoint = endpoints.get(`${method} ${pathname}`);
    if (endpoint === undefined) return { status: 404, reason: 'no such path' };
    try {
      const plain = decompress(body, headers['content-encoding']);
      if (isOtlp(pathname) && (body.length > OTLP_LIMITS[0] || plain.length > OTLP_LIMITS[1])) {
        return { status: 413, reason: 'too large' };
      }
      endpoint.accept(plain, headers['content-type'] === 'application/json', headers);
    } catch (error) {
      return { status: 400, reason: String(error) };
    }
    return { status: endpoint.status };
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://intake');
    const { status, reason } = judge(request, url, await buffer(request));
    requests.push({ method: request.method ?? '', path: url.pathname, status });
    if (isOtlp(url.pathname)) {
      response
        .writeHead(status, { 'content-type': 'application/x-protobuf' })
        .end(reason === undefined ? '' : encodeOtlpRefusal(reason));
    } else {
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ valid: status === 200, errors: [] }));
    }
    traffic.answered();
  }

  const server = createServer((request, response) => {
    // A sender killed in the middle of its request has sent nothing.
    serve(request, response).catch(() => response.destroy());
  });
  const { url, [Symbol.asyncDispose]: dispose } = await listen(server);

  function arrivals(): string {
    return [
      `series: ${[...new Set(series.map(({ metric }) => metric))].join(', ')}`,
      `sketches: ${[...new Set(sketches.map(({ metric }) => metric))].join(', ')}`,
      `spans: ${spans.map(({ resource }) => resource).join(', ')}`,
      `logs: ${logs.map(({ message }) => message).join(', ')}`,
      `requests: ${requests.map(({ method, path, status }) => `${method} ${path} ${status}`).join(', ')}`,
    ].join('\n');
  }

  async function close(): Promise<void> {
    if (server.listening) await dispose();
  }

  return {
    url,
    collectorEnv: {
      DD_API_KEY: apiKey,
      DATADOG_METRICS_ENDPOINT: url,
      DATADOG_TRACES_ENDPOINT: url,
      DATADOG_LOGS_ENDPOINT: url,
      DATADOG_OTLP_ENDPOINT: url,
    },
    series,
    sketches,
    spans,
    logs,
    requests,
    waitFor: (find, { timeoutMillis } = {}) => traffic.waitFor(find, timeoutMillis),
    failWith: (status) => {
      outageStatus = status;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isOtlp(path: string): boolean {
  return path.startsWith('/v1/');
}

function decompress(body: Uint8Array, encoding: string | undefined): Uint8Array {
  switch (encoding) {
    case undefined:
    case 'identity':
      return body;
    case 'gzip':
      return gunzipSync(body);
    case 'deflate':
      return inflateSync(body);
    default:
      throw new Error(`Content-Encoding ${encoding} is unknown here.`);
  }
}
