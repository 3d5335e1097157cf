/** OTLP's signals. */
export const SIGNALS = ['metrics', 'traces', 'logs'] as const;

export type SignalKind = (typeof SIGNALS)[number];

/** All that is delivered, each kind in an order of its own: OTLP's signals, and what Datadog has other endpoints for. */
export const DELIVERIES = [...SIGNALS, 'events', 'checks'] as const;

/** A kind of what is delivered: OTLP's signals, and Datadog's events and service checks. */
export type DeliveryKind = (typeof DELIVERIES)[number];

export type ContentType = 'application/x-protobuf' | 'application/json';

/** One request on its way: what an exporter would have sent. */
export interface DeliveryRequest {
  readonly signal: DeliveryKind;
  readonly contentType: ContentType;
  readonly encoding: 'gzip' | 'identity';
  /** As it goes over the wire. */
  readonly body: Uint8Array;
  /** How many data points, spans, log records, events or checks are in it. */
  readonly points: number;
  readonly createdMillis: number;
}

export function isSignal(kind: DeliveryKind): kind is SignalKind {
  return SIGNALS.some((signal) => signal === kind);
}

/** The bytes of what is in a request, uncompressed. */
export function plainBytes({ encoding, body }: DeliveryRequest): number {
  if (encoding === 'identity') return body.length;
  // A gzip file ends with them: RFC 1952, ISIZE.
  return new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(body.length - 4, true);
}
