import { type MetricName, rlMetrics, trainingMetrics } from '../support/package.ts';
import { HISTOGRAMS } from '../support/workload.ts';

/** What each run records while it is looked at. */
export const GAUGES: readonly MetricName[] = [
  ...[...trainingMetrics, ...rlMetrics].map(({ name }) => name),
  'signal.performance.queue_depth',
];
export const DURATIONS = HISTOGRAMS;
export const METRICS = GAUGES.length + DURATIONS.length;
export const STEPS_PER_SECOND = 50;
