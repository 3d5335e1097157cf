import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { HOUR_MILLIS, isDatadog } from './datadog.ts';
import { type Destination, type FailureAdvice, httpDestination } from './destination.ts';
import type { SignalKind } from './request.ts';

const advice: FailureAdvice = {
  unavailable:
    'It is kept and sent later. Is a Collector listening there? OTEL_EXPORTER_OTLP_ENDPOINT says where to send, ' +
    'OTEL_SDK_DISABLED=true turns telemetry off.',
  refused: 'What it refuses is lost. Are OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS right?',
};

/**
 * A destination as the official exporters' variables describe it: endpoint, headers, TLS, time-out. Their own transport
 * is not used: it hides what the queue has to know (Retry-After, the status of a passing failure), retries within one
 * export, and puts no limit on the time that an answer may take.
 * @param compression `undefined` leaves it to the exporters' own variables.
 */
export function otlpDestination(signal: SignalKind, userAgent: string, compression: 'gzip' | undefined): Destination {
  const configuration = convertLegacyHttpOptions(
    compression === undefined ? {} : { compression: CompressionAlgorithm.GZIP },
    signal.toUpperCase(),
    `v1/${signal}`,
    { 'User-Agent': userAgent },
  );
  return httpDestination(configuration, {
    advice,
    compresses: configuration.compression === CompressionAlgorithm.GZIP,
    timeoutMillis: configuration.timeoutMillis,
    maxAgeMillis: isDatadog(new URL(configuration.url)) ? HOUR_MILLIS : Number.POSITIVE_INFINITY,
  });
}
