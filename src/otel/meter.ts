import { createNoopMeter, type Meter, type MeterProvider, metrics } from '@opentelemetry/api';
import { NAMESPACE } from '../catalogue/index.ts';
import { VERSION } from './version.ts';

/**
 * The `signal` meter of a provider, or of whichever provider is registered globally. The API has no proxy for meters:
 * what is created before a provider is registered stays a no-op for ever, so until a real one turns up each call looks
 * again.
 */
export class SignalMeter {
  readonly #provider: MeterProvider | undefined;
  #meter: Meter | undefined;

  constructor(provider?: MeterProvider) {
    this.#provider = provider;
  }

  current(): Meter {
    if (this.#meter !== undefined) return this.#meter;
    const meter = (this.#provider ?? metrics.getMeterProvider()).getMeter(NAMESPACE, VERSION);
    if (!isNoop(meter)) this.#meter = meter;
    return meter;
  }
}

/** Nothing that is recorded leaves the process. */
export const silentMeterProvider: MeterProvider = { getMeter: createNoopMeter };

function isNoop(meter: Meter): boolean {
  return meter === createNoopMeter();
}
