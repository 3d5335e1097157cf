import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { v1, v2 } from '@datadog/datadog-api-client';
import { routesOf } from './datadog-api-routes.ts';
import type { MetricType, State } from './datadog-api-state.ts';
import { Refusal } from './datadog-checks.ts';
import { listen, Traffic } from './local-server.ts';

export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** What was answered. */
  readonly status: number;
}

/** A double of Datadog's API, as far as the package asks it: what it keeps, and what it refuses. */
export interface DatadogApi extends AsyncDisposable {
  readonly url: string;
  /** The variables that point the package here. */
  readonly env: Readonly<Record<string, string>>;
  readonly apiKey: string;
  readonly appKey: string;
  /** Everything accepted so far, as it stands. */
  readonly events: readonly v1.EventCreateRequest[];
  readonly checks: readonly v1.ServiceCheck[];
  readonly dashboards: readonly v1.Dashboard[];
  readonly monitors: readonly v1.Monitor[];
  readonly metadata: ReadonlyMap<string, v1.MetricMetadata>;
  readonly tagConfigurations: ReadonlyMap<string, v2.MetricTagConfigurationAttributes>;
  /** Every request, accepted or not. */
  readonly requests: readonly ApiRequest[];
  /** From now on the account has points of this metric. */
  see(metric: string, type: MetricType): void;
  /** Resolves with what `find` returns once that is neither false nor undefined; looks again on every request. */
  waitFor<T>(find: () => T | false | undefined, options?: { readonly timeoutMillis?: number }): Promise<T>;
  /** An outage: everything is answered with this status, so many times or until `null` ends it. */
  failWith(status: number | null, times?: number): void;
}

export interface DatadogApiOptions {
  readonly apiKey?: string;
  readonly appKey?: string;
  /** What the application key may do; everything where nothing is said. */
  readonly permissions?: readonly string[];
  /** Metrics that the account has points of. */
  readonly knownMetrics?: Readonly<Record<string, MetricType>>;
}

const MAX_BYTES = 3_200_000;

export async function startDatadogApi(options: DatadogApiOptions = {}): Promise<DatadogApi> {
  const { apiKey = 'a'.repeat(32), appKey = 'b'.repeat(40), permissions, knownMetrics = {} } = options;
  const state: State = {
    events: [],
    checks: [],
    dashboards: new Map(),
    monitors: new Map(),
    metrics: new Map(Object.entries(knownMetrics)),
    metadata: new Map(),
    tagConfigurations: new Map(),
  };
  const routes = routesOf(state);
  const requests: ApiRequest[] = [];
  const traffic = new Traffic(() =>
    requests.map(({ method, path, status }) => `${method} ${path} ${status}`).join('\n'),
  );
  let outage: { status: number; times: number } | undefined;

  function answer({ method, headers }: IncomingMessage, url: URL, bytes: Buffer): { status: number; body: unknown } {
    if (outage !== undefined && outage.times > 0) {
      outage.times -= 1;
      throw new Refusal(outage.status, 'an outage');
    }
    if (headers['dd-api-key'] !== apiKey) throw new Refusal(403, 'Forbidden');
    if (bytes.length > MAX_BYTES) throw new Refusal(413, 'Payload too large');
    const fitting = routes.flatMap((route) => {
      const match = method === route.method && route.path.exec(url.pathname);
      return match ? [{ route, parameter: decodeURIComponent(match[1] ?? '') }] : [];
    });
    const [found] = fitting;
    if (found === undefined) throw new Refusal(404, `there is no ${method} ${url.pathname}`);
    const { permission } = found.route;
    if (permission !== undefined) {
      if (headers['dd-application-key'] !== appKey) throw new Refusal(403, 'Forbidden');
      if (permissions?.includes(permission) === false) throw new Refusal(403, 'Failed permission authorization checks');
    }
    const { status = 200, respond } = found.route;
    return { status, body: respond({ parameter: found.parameter, query: url.searchParams, body: parse(bytes) }) };
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://api');
    const bytes = await buffer(request);
    let status: number;
    let body: unknown;
    try {
      ({ status, body } = answer(request, url, bytes));
    } catch (error) {
      status = error instanceof Refusal ? error.status : 500;
      body = { errors: [error instanceof Error ? error.message : String(error)] };
    }
    requests.push({ method: request.method ?? '', path: url.pathname, status });
    // Seconds until the limit allows more; without it clients wait for as long as they think fit.
    if (status === 429) response.setHeader('x-ratelimit-reset', '1');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    traffic.answered();
  });
  const { url, [Symbol.asyncDispose]: dispose } = await listen(server);

  return {
    url,
    env: { DATADOG_API_KEY: apiKey, DATADOG_APP_KEY: appKey, DATADOG_HOST: url },
    apiKey,
    appKey,
    events: state.events,
    checks: state.checks,
    get dashboards() {
      return [...state.dashboards.values()];
    },
    get monitors() {
      return [...state.monitors.values()];
    },
    metadata: state.metadata,
    tagConfigurations: state.tagConfigurations,
    requests,
    see: (metric, type) => {
      state.metrics.set(metric, type);
    },
    waitFor: (find, { timeoutMillis } = {}) => traffic.waitFor(find, timeoutMillis),
    failWith: (status, times = Number.POSITIVE_INFINITY) => {
      outage = status === null ? undefined : { status, times };
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refusal(400, 'the body is no JSON');
  }
}
