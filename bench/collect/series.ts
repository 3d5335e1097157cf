import type { Attributes } from '@opentelemetry/api';
import type { MetricName } from '../support/package.ts';
import { ATTRIBUTES, BOUNDS, COUNTER, GAUGES, HISTOGRAMS } from '../support/workload.ts';

/** What a run has when everything is on: 15 gauges, 1 counter, 2 histograms. */
export const SERIES_PER_RUN = 18;

const MORE_GAUGES = [
  'signal.rl.advantage_mean',
  'signal.rl.advantage_std',
  'signal.rl.explained_variance',
  'signal.rl.reward_mean',
  'signal.performance.queue_depth',
  'signal.performance.gpu_utilization',
] as const satisfies readonly MetricName[];

/** Something that a value can be recorded with; the attributes may be bound to it already. */
export type Write = (value: number) => void;

export interface InstrumentFactory {
  gauge(name: string): (attributes: Attributes) => Write;
  counter(name: string): (attributes: Attributes) => Write;
  histogram(name: string, bounds: number[]): (attributes: Attributes) => Write;
}

/** A writer for each series of each run. */
export function createSeries(factory: InstrumentFactory, runs: number): Write[] {
  const instruments = [
    ...[...GAUGES, ...MORE_GAUGES].map((name) => factory.gauge(name)),
    factory.counter(COUNTER),
    ...HISTOGRAMS.map((name) => factory.histogram(name, [...BOUNDS])),
  ];
  return Array.from({ length: runs }, (_, run) => {
    const attributes = Object.freeze({ ...ATTRIBUTES, run_id: `run_${String(run).padStart(16, '0')}` });
    return instruments.map((instrument) => instrument(attributes));
  }).flat();
}
