import type { MetricName } from './package.ts';

/** One step of a run, as the collector records it: 9 gauges, a counter, 2 histograms, on 4 attributes. */
export const GAUGES = [
  'signal.training.current_step',
  'signal.training.loss',
  'signal.training.grad_norm',
  'signal.training.learning_rate',
  'signal.rl.policy_loss',
  'signal.rl.value_loss',
  'signal.rl.entropy',
  'signal.rl.kl_divergence',
  'signal.rl.clip_fraction',
] as const satisfies readonly MetricName[];
export const COUNTER = 'signal.training.step' satisfies MetricName;
export const HISTOGRAMS = [
  'signal.performance.forward_backward_duration_ms',
  'signal.performance.optim_step_duration_ms',
] as const satisfies readonly MetricName[];

/** Milliseconds, 1 ms to 1 h; for contenders that have to be told. */
export const BOUNDS = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_600_000];

export const ATTRIBUTES = Object.freeze({
  run_id: 'run_0123456789abcdef',
  user_id: 'user_42',
  model: 'Qwen/Qwen2.5-7B-Instruct',
  team: 'rl',
});

/** The same as DogStatsD has it. */
export const TAGS = Object.entries(ATTRIBUTES).map(([key, value]) => `${key}:${value}`);

/** Values of a gauge or a histogram change with every step; a constant would let the compiler drop work. */
const ROWS = 4_096;
const COLUMNS = GAUGES.length + HISTOGRAMS.length;
const FIRST_HISTOGRAM = GAUGES.length;

/** Row by row: the gauges, then the histograms, durations from about 20 ms to 2 s. */
export const values = Float64Array.from({ length: ROWS * COLUMNS }, (_, at) => {
  const noise = fraction(at * 0.754877666 + 0.1);
  return at % COLUMNS < FIRST_HISTOGRAM ? noise * 4 : 20 * 100 ** noise;
});

/** Where a step's gauges begin in `values`. */
export function gaugesOf(step: number): number {
  return (step & (ROWS - 1)) * COLUMNS;
}

/** Where its histograms begin. */
export function histogramsOf(step: number): number {
  return gaugesOf(step) + FIRST_HISTOGRAM;
}

function fraction(value: number): number {
  return value - Math.floor(value);
}
