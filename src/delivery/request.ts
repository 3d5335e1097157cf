export const SIGNALS = ['metrics', 'traces', 'logs'] as const;

export type SignalKind = (typeof SIGNALS)[number];

export type ContentType = 'application/x-protobuf' | 'application/json';

/** One OTLP request on its way: what an exporter would have sent. */
export interface DeliveryRequest {
  readonly signal: SignalKind;
  readonly contentType: ContentType;
  readonly encoding: 'gzip' | 'identity';
  /** As it goes over the wire. */
  readonly body: Uint8Array;
  /** How many data points, spans or log records are in it. */
  readonly points: number;
  readonly createdMillis: number;
}
