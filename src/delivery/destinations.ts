import { type DatadogAccount, datadogDestination } from './datadog.ts';
import type { Destination } from './destination.ts';
import { otlpDestination } from './otlp-destination.ts';
import { DELIVERIES, type DeliveryKind, isSignal } from './request.ts';

/** What the package decides for a destination; the rest of an OTLP one is in the exporters' own variables. */
export interface DestinationOptions {
  readonly userAgent: string;
  /** By OTLP. `undefined` leaves it to the exporters' own variables. */
  readonly compression?: 'gzip' | undefined;
  /** Where it goes to Datadog itself, and not where the exporters' variables say. */
  readonly datadog?: DatadogAccount | undefined;
}

/** One for each kind that has options. */
export function createDestinations(
  options: Partial<Readonly<Record<DeliveryKind, DestinationOptions>>>,
): Partial<Record<DeliveryKind, Destination>> {
  const destinations: Partial<Record<DeliveryKind, Destination>> = {};
  for (const kind of DELIVERIES) {
    const ofKind = options[kind];
    if (ofKind === undefined) continue;
    const { userAgent, compression, datadog } = ofKind;
    if (datadog !== undefined) destinations[kind] = datadogDestination(kind, datadog, userAgent);
    else if (isSignal(kind)) destinations[kind] = otlpDestination(kind, userAgent, compression);
  }
  return destinations;
}
