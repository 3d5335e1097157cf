import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { VERSION } from '../otel/version.ts';

export interface SignalInstrumentationConfig {
  /** `false` leaves it off until `enable()` is called. Default true. */
  readonly enabled?: boolean;
}

export class SignalInstrumentation {
  readonly instrumentationName = 'signal-otel';
  readonly instrumentationVersion: string = VERSION;
  #config: SignalInstrumentationConfig;

  constructor(config: SignalInstrumentationConfig = {}) {
    this.#config = { enabled: true, ...config };
  }

  enable(): void {}
  disable(): void {}
  setTracerProvider(_tracerProvider: TracerProvider): void {}
  setMeterProvider(_meterProvider: MeterProvider): void {}
  setConfig(config: SignalInstrumentationConfig): void {
    this.#config = config;
  }
  getConfig(): SignalInstrumentationConfig {
    return this.#config;
  }
}
