import { createNoopMeter } from '@opentelemetry/api';
import { BoundMetricProducer, createBoundMeterProvider, readConfig } from './package.ts';
import { attach, ManualReader, type Temporality } from './reader.ts';

export interface BoundSetup {
  readonly provider: ReturnType<typeof createBoundMeterProvider>;
  readonly reader: ManualReader;
  /** Hands over the current second's points too, as at the end of a process. */
  includeOpenSecond(): void;
}

const environments = { delta: {}, cumulative: { OTEL_METRICS_EXPORTER: 'prometheus' } } as const;

/** The bound meter as the package sets it up for OTLP or for Prometheus, with an official reader that collects when asked. */
export function boundSetup(temporality: Temporality): BoundSetup {
  const config = readConfig(environments[temporality], (problem) => {
    throw new Error(problem);
  });
  const provider = createBoundMeterProvider(config, createNoopMeter);
  const producer = new BoundMetricProducer(provider, 0);
  const reader = new ManualReader(temporality, producer);
  attach(reader);
  return {
    provider,
    reader,
    includeOpenSecond() {
      producer.includesOpenSecond = true;
    },
  };
}
