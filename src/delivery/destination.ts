import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { HttpTransport } from './http-transport.ts';
import { judge, noAnswer, type Outcome } from './outcome.ts';
import { type DeliveryRequest, SIGNALS, type SignalKind } from './request.ts';
import { withoutSecrets } from './url.ts';

/** What the package decides for an OTLP destination; the rest is in the exporters' own variables. */
export interface DestinationOptions {
  readonly userAgent: string;
  /** `undefined` leaves it to the exporters' own variables. */
  readonly compression: 'gzip' | undefined;
}

/** Where the requests of one signal go. */
export interface Destination {
  /** For messages, without the secrets that a URL may carry. */
  readonly name: string;
  readonly compresses: boolean;
  /** How long one request may take. */
  readonly timeoutMillis: number;
  /** Points older than this are not taken. */
  readonly maxAgeMillis: number;
  /** Never rejects. */
  send(request: DeliveryRequest, timeoutMillis: number): Promise<Outcome>;
}

/** https://docs.datadoghq.com/metrics/custom_metrics: "no more than 1 hour in the past". */
const DATADOG_MAX_AGE_MILLIS = 3_600_000;

/**
 * A destination as the official exporters' variables describe it: endpoint, headers, TLS, time-out. Their own transport
 * is not used: it hides what the queue has to know (Retry-After, the status of a passing failure), retries within one
 * export, and puts no limit on the time that an answer may take.
 */
function createDestination(signal: SignalKind, { userAgent, compression }: DestinationOptions): Destination {
  const configuration = convertLegacyHttpOptions(
    compression === undefined ? {} : { compression: CompressionAlgorithm.GZIP },
    signal.toUpperCase(),
    `v1/${signal}`,
    { 'User-Agent': userAgent },
  );
  const transport = new HttpTransport(configuration);
  const url = new URL(configuration.url);
  return {
    name: withoutSecrets(configuration.url) ?? 'the configured OTLP endpoint',
    compresses: configuration.compression === CompressionAlgorithm.GZIP,
    timeoutMillis: configuration.timeoutMillis,
    maxAgeMillis: isDatadogIntake(url) ? DATADOG_MAX_AGE_MILLIS : Number.POSITIVE_INFINITY,
    async send(request, timeoutMillis) {
      try {
        // An instrumentation of the host's must not make spans of what sends its spans.
        return judge(await context.with(suppressTracing(ROOT_CONTEXT), () => transport.post(request, timeoutMillis)));
      } catch (error) {
        return noAnswer(error);
      }
    },
  };
}

/** One for each signal that has options. */
export function createDestinations(
  options: Partial<Readonly<Record<SignalKind, DestinationOptions>>>,
): Partial<Record<SignalKind, Destination>> {
  const destinations: Partial<Record<SignalKind, Destination>> = {};
  for (const signal of SIGNALS) {
    const ofSignal = options[signal];
    if (ofSignal !== undefined) destinations[signal] = createDestination(signal, ofSignal);
  }
  return destinations;
}

/** Datadog's own OTLP intake, without a Collector between. */
function isDatadogIntake({ hostname }: URL): boolean {
  return /(^|\.)(datadoghq\.(com|eu)|ddog-gov\.com)$/.test(hostname);
}
