import type { Attributes } from '@opentelemetry/api';
import { boundSetup } from '../support/bound.ts';
import { attach, ManualReader, type Temporality } from '../support/reader.ts';
import { createSeries, type InstrumentFactory, type Write } from './series.ts';

/** A meter with so many runs, and the reader that collects from it. */
export interface Subject {
  readonly writes: readonly Write[];
  readonly reader: ManualReader;
}

export type SubjectName = 'bound' | 'sdk';

export function createSubject(name: SubjectName, temporality: Temporality, runs: number): Subject {
  return name === 'bound' ? boundSubject(temporality, runs) : sdkSubject(temporality, runs);
}

function boundSubject(temporality: Temporality, runs: number): Subject {
  const { provider, reader, includeOpenSecond } = boundSetup(temporality);
  includeOpenSecond();
  const meter = provider.getMeter('signal');
  const bindingTo = (instrument: ReturnType<typeof meter.createGauge>) => (attributes: Attributes) => {
    const bound = instrument.bind(attributes);
    return (value: number) => bound.record(value);
  };
  const factory: InstrumentFactory = {
    gauge: (name) => bindingTo(meter.createGauge(name)),
    counter: (name) => bindingTo(meter.createCounter(name)),
    histogram: (name, bounds) =>
      bindingTo(meter.createHistogram(name, { advice: { explicitBucketBoundaries: bounds } })),
  };
  return { writes: createSeries(factory, runs), reader };
}

function sdkSubject(temporality: Temporality, runs: number): Subject {
  const reader = new ManualReader(temporality);
  const meter = attach(reader).getMeter('signal');
  const factory: InstrumentFactory = {
    gauge(name) {
      const instrument = meter.createGauge(name);
      return (attributes) => (value) => instrument.record(value, attributes);
    },
    counter(name) {
      const instrument = meter.createCounter(name);
      return (attributes) => (value) => instrument.add(value, attributes);
    },
    histogram(name, bounds) {
      const instrument = meter.createHistogram(name, { advice: { explicitBucketBoundaries: bounds } });
      return (attributes) => (value) => instrument.record(value, attributes);
    },
  };
  return { writes: createSeries(factory, runs), reader };
}
