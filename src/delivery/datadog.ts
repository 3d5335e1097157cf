import { type Destination, httpDestination, type Receiver } from './destination.ts';
import { type DeliveryKind, isSignal } from './request.ts';

/** An account of Datadog's that takes data without a Collector between. */
export interface DatadogAccount {
  readonly apiKey: string;
  /** Such as `https://api.datadoghq.com`, without a slash at its end. */
  readonly apiUrl: string;
  /** Such as `https://otlp.datadoghq.com`, without a slash at its end. */
  readonly otlpUrl: string;
}

export const HOUR_MILLIS = 3_600_000;

/** https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest/metrics: 500 KB, 5 MB decompressed. */
const OTLP_MAX_BYTES = { sent: 500_000, plain: 5_000_000 } as const;

/**
 * Of what two processes of one host count in the same second, Datadog would keep the one that comes last, if nothing
 * told them apart; `service.instance.id` does, as with a Collector's Datadog exporter.
 */
const METRIC_HEADERS = { 'dd-otel-metric-config': '{"resource_attributes_as_tags":true}' };

const TIMEOUT_MILLIS = 10_000;

const advice: Receiver['advice'] = {
  unavailable: 'It is kept and sent later. Can this machine reach the Datadog site that DD_SITE names?',
  refused: 'What it refuses is lost. Are DATADOG_API_KEY and DD_SITE right? `npx signal-otel doctor` looks.',
};

/** Paths of what is not OTLP, and how old it may be: what https://docs.datadoghq.com/api/latest says. */
const endpoints = {
  events: { path: '/api/v1/events', maxAgeMillis: 18 * HOUR_MILLIS },
  checks: { path: '/api/v1/check_run', maxAgeMillis: HOUR_MILLIS / 6 },
} as const;

/**
 * Datadog's own endpoint for a kind of data. Of the exporters' variables nothing holds for it: they may have the keys of
 * another backend.
 */
export function datadogDestination(
  kind: DeliveryKind,
  { apiKey, apiUrl, otlpUrl }: DatadogAccount,
  userAgent: string,
): Destination {
  const [url, taken] = isSignal(kind)
    ? [`${otlpUrl}/v1/${kind}`, { compresses: true, maxBytes: OTLP_MAX_BYTES, maxAgeMillis: HOUR_MILLIS }]
    : [`${apiUrl}${endpoints[kind].path}`, { compresses: false, maxAgeMillis: endpoints[kind].maxAgeMillis }];
  return httpDestination(
    {
      url,
      headers: async () => ({
        'dd-api-key': apiKey,
        'User-Agent': userAgent,
        ...(kind === 'metrics' && METRIC_HEADERS),
      }),
      agentFactory: async (protocol) => {
        const { Agent } = await (protocol === 'https:' ? import('node:https') : import('node:http'));
        return new Agent({ keepAlive: true });
      },
    },
    { ...taken, advice, timeoutMillis: TIMEOUT_MILLIS },
  );
}

/** Whether it is Datadog's own intake, without a Collector between. */
export function isDatadog({ hostname }: URL): boolean {
  return /(^|\.)(datadoghq\.(com|eu)|ddog-gov\.com)$/.test(hostname);
}
