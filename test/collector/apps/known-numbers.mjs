// Records every metric of the seed with numbers that are known beforehand, and prints them.
import { createMetricsCollector, SignalMetrics } from 'signal-otel';

const OPERATIONS = 400;

/** Durations over a factor of 10, evenly spread on a logarithmic scale. */
const durations = (fromMillis) =>
  Array.from({ length: OPERATIONS }, (_, index) => fromMillis * 10 ** (index / (OPERATIONS - 1)));

// A loss of NaN is an alarm, which is for other tests.
const collector = createMetricsCollector({
  runId: 'run_known',
  userId: 'user_known',
  model: 'known-model',
  health: false,
});
const training = { loss: 0.5, gradNorm: 2.3, learningRate: 1e-4 };
const rl = {
  policyLoss: -2.3,
  valueLoss: 0.5,
  entropy: 3.2,
  klDivergence: 0.01,
  clipFraction: 0.2,
  advantageMean: 0.1,
  advantageStd: 0.9,
  explainedVariance: 0.8,
  rewardMean: 5.2,
};
const performance = { queueDepth: 3, gpuUtilization: 95.5, gpuMemoryUsedGb: 38.2 };
const forwardBackward = durations(25);
const optimStep = durations(3);

for (const [step, durationMillis] of forwardBackward.entries()) {
  collector.collectTrainingMetrics({ ...training, step });
  collector.collectRlMetrics({ ...rl, step });
  collector.collectPerformanceMetrics({
    ...performance,
    forwardBackwardDurationMs: durationMillis,
    optimStepDurationMs: optimStep[step],
  });
}
collector.collectTrainingMetrics({ loss: Number.NaN, step: OPERATIONS });

const custom = new SignalMetrics({ constantTags: ['team:ml'] });
custom.increment('custom.event_count', 7);
custom.distribution('custom.latency_ms', 125.3);

console.log(JSON.stringify({ training, rl, performance, steps: OPERATIONS + 1, forwardBackward, optimStep }));
