import type { MetricsCollector } from './package.ts';
import { gaugesOf, histogramsOf, values } from './workload.ts';

/**
 * A step's gauges by the calls of a training loop: `step` gives the counter and the first of them.
 * @param row whose values they get.
 */
export function recordGauges(collector: MetricsCollector, step: number, row = step): void {
  let at = gaugesOf(row) + 1;
  collector.collectTrainingMetrics({
    step,
    loss: values[at++],
    gradNorm: values[at++],
    learningRate: values[at++],
  });
  collector.collectRlMetrics({
    policyLoss: values[at++],
    valueLoss: values[at++],
    entropy: values[at++],
    klDivergence: values[at++],
    clipFraction: values[at++],
  });
}

/** A step's histograms, measured elsewhere. */
export function recordDurations(collector: MetricsCollector, row: number): void {
  const at = histogramsOf(row);
  collector.collectPerformanceMetrics({ forwardBackwardDurationMs: values[at], optimStepDurationMs: values[at + 1] });
}
