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

/** A gzip file ends with the size of what is in it: RFC 1952, ISIZE. */
const GZIP_SIZE_BYTES = 4;

/** The bytes of what is in a request, uncompressed. */
export function plainBytes({ encoding, body }: DeliveryRequest): number {
  // What is too short for gzip is for the receiver to refuse.
  if (encoding === 'identity' || body.length < GZIP_SIZE_BYTES) return body.length;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return view.getUint32(body.length - GZIP_SIZE_BYTES, true);
}
