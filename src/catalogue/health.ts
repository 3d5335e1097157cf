import { defineMetrics, type MetricDefinition } from './metric.ts';
import { performanceMetrics } from './performance.ts';
import { rlMetrics } from './rl.ts';
import { progressMetrics, trainingMetrics } from './training.ts';

/** How a run is doing, as its checks judge it. */
export const healthMetrics = defineMetrics([
  {
    name: 'signal.health.status',
    kind: 'gauge',
    unit: '{status}',
    description: 'How a run is doing, by `check`: 0 ok, 1 warning, 2 critical',
    typicalRange: { min: 0, max: 2 },
  },
]);

/** From good to bad; the place of each is its number, in `signal.health.status` and in Datadog's service checks. */
export const HEALTH_STATUSES = ['ok', 'warning', 'critical'] as const;

/** How a check does, from good to bad. */
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** Levels of an alarm. */
export type HealthLevel = Exclude<HealthStatus, 'ok'>;

/** Where a level begins: a judged number that compares so with the threshold's. */
export interface HealthThreshold {
  /** How what is judged compares with `value` where the level holds. */
  readonly when: '>' | '>=' | '<' | '<=';
  /** In the unit of what is judged: see `HealthMeasure`. */
  readonly value: number;
}

/** How a threshold compares, in words. */
export const COMPARISONS: Readonly<Record<HealthThreshold['when'], string>> = {
  '>': 'above',
  '>=': 'from',
  '<': 'below',
  '<=': 'up to',
};

/**
 * What of a metric is judged:
 * - `value`: each value;
 * - `drop`: by which share a value is below the mean of those before it, at most 50 of them;
 * - `spike`: by how many standard deviations a value is above that mean;
 * - `nonFinite`: how many of the values of one call are NaN or infinite;
 * - `idleSeconds`: the time since the last step.
 */
export type HealthMeasure = 'value' | 'drop' | 'spike' | 'nonFinite' | 'idleSeconds';

/** One rule: what is judged, where it becomes an alarm, and what to do then. */
export interface HealthRule {
  /** Full name of the service check, and the attribute `check` of `signal.health.status`. */
  readonly check: string;
  /** In plain words, for titles. */
  readonly title: string;
  /** The metric whose values are judged. */
  readonly metric: MetricDefinition['name'];
  /** What of them is judged. */
  readonly measure: HealthMeasure;
  /** Where a warning begins; left out where the rule has none. */
  readonly warning?: HealthThreshold;
  /** Where it becomes critical; left out where the rule does not. */
  readonly critical?: HealthThreshold;
  /** How many values in a row have to be as bad until the status is. */
  readonly patience: number;
  /** How many values in a row have to be better until the status is. */
  readonly recovery: number;
  /** What to do then. */
  readonly advice: string;
  /** Which definition of the metric the thresholds are for. */
  readonly suits: string;
}

/** How many values make up the recent past of a metric. */
export const HEALTH_WINDOW = 50;
/** With fewer of them there is no recent past to compare with. */
export const HEALTH_WINDOW_MIN = 10;

/** Longer than the values of one PPO update stay good in a run that diverges: each update begins with a KL of 0. */
const RECOVERY = 10;

/** Longer than the value function of a run that goes well needs at its start. */
const SLOW_PATIENCE = 200;

/**
 * The rules by which a run is judged, as data: `signal-otel` judges by them in the process, its alerts in the backends.
 *
 * The seed of these numbers is Signal's own guide to its metrics. Where it leaves a boundary open: exactly 0.05 of KL and
 * 0.7 of explained variance are a warning, exactly 0.1 and 0.5 are not yet critical, and a clip fraction from 0.1 to 0.5
 * is no alarm, although the best is from 0.1 to 0.3.
 */
export const healthRules = defineHealthRules([
  {
    check: 'signal.rl.kl_divergence',
    title: 'KL divergence',
    metric: 'signal.rl.kl_divergence',
    measure: 'value',
    warning: { when: '>=', value: 0.05 },
    critical: { when: '>', value: 0.1 },
    patience: 1,
    recovery: RECOVERY,
    advice: 'The policy moves too fast: reduce the learning rate or the epochs of an update, or raise the KL penalty.',
    suits:
      'KL of an update, between the policy and the one that sampled the batch, as PPO reports it. The KL to a reference ' +
      'model over a whole run is larger by nature (0 to 10 in TRL): set thresholds of your own for it.',
  },
  {
    check: 'signal.rl.clip_fraction_low',
    title: 'Clip fraction, low',
    metric: 'signal.rl.clip_fraction',
    measure: 'value',
    warning: { when: '<', value: 0.1 },
    patience: SLOW_PATIENCE,
    recovery: RECOVERY,
    advice: 'Hardly any update is clipped: reduce clip_epsilon, or raise the learning rate where training is slow.',
    suits: 'Share of ratios that PPO clips, 0 in the first minibatch of each update. The best is 0.1 to 0.3.',
  },
  {
    check: 'signal.rl.clip_fraction_high',
    title: 'Clip fraction, high',
    metric: 'signal.rl.clip_fraction',
    measure: 'value',
    warning: { when: '>', value: 0.5 },
    patience: 1,
    recovery: RECOVERY,
    advice: 'Most of the update is clipped away: increase clip_epsilon or reduce the learning rate.',
    suits: 'Share of ratios that PPO clips. The best is 0.1 to 0.3.',
  },
  {
    check: 'signal.rl.explained_variance',
    title: 'Explained variance',
    metric: 'signal.rl.explained_variance',
    measure: 'value',
    warning: { when: '<=', value: 0.7 },
    critical: { when: '<', value: 0.5 },
    patience: SLOW_PATIENCE,
    recovery: RECOVERY,
    advice:
      'The value function does not follow the returns: raise value_coef or its learning rate, or check the rewards.',
    suits: '1 - Var(returns - values) / Var(returns), of a batch. It begins near 0 with an untrained value function.',
  },
  {
    check: 'signal.rl.entropy_drop',
    title: 'Entropy drop',
    metric: 'signal.rl.entropy',
    measure: 'drop',
    warning: { when: '>', value: 0.3 },
    critical: { when: '>', value: 0.5 },
    patience: 1,
    recovery: RECOVERY,
    advice:
      'The policy may have collapsed: raise the entropy bonus, reduce the learning rate, or go back to a checkpoint.',
    suits: 'Mean entropy of the policy in nats; judged by its own recent past, since a slow decrease is normal.',
  },
  {
    check: 'signal.training.loss_spike',
    title: 'Loss spike',
    metric: 'signal.training.loss',
    measure: 'spike',
    warning: { when: '>', value: 8 },
    critical: { when: '>', value: 16 },
    patience: 1,
    recovery: RECOVERY,
    advice:
      'Look at the batch and the gradient norm of this step; reduce the learning rate, or go back to a checkpoint.',
    suits: 'Any loss; judged by its own recent past.',
  },
  {
    check: 'signal.training.non_finite',
    title: 'Non-finite values',
    metric: 'signal.training.non_finite',
    measure: 'nonFinite',
    critical: { when: '>', value: 0 },
    patience: 1,
    recovery: RECOVERY,
    advice:
      'The run has diverged or a batch is broken: go back to a checkpoint, and reduce the learning rate or clip gradients.',
    suits: 'Any metric of a step.',
  },
  {
    check: 'signal.training.stalled',
    title: 'Stalled run',
    metric: 'signal.training.step',
    measure: 'idleSeconds',
    critical: { when: '>=', value: 600 },
    patience: 1,
    recovery: 1,
    advice: 'No step has come: look at the queue, the sampler and the server. A run that is over says so by end().',
    suits: 'Seconds without a step. Set it to several times what your longest step takes.',
  },
]);

/** Whether a number is bad by a threshold. */
export function isBeyond({ when, value }: HealthThreshold, judged: number): boolean {
  switch (when) {
    case '>':
      return judged > value;
    case '>=':
      return judged >= value;
    case '<':
      return judged < value;
    case '<=':
      return judged <= value;
  }
}

/**
 * Whether a rule asks for so many bad values in a row that a backend, which has few of them, goes by the mean of half an
 * hour.
 */
export function isSlow({ patience }: HealthRule): boolean {
  return patience >= 100;
}

/** Whether the bad side of a threshold is above it. */
export function isUpper({ when }: HealthThreshold): boolean {
  return when === '>' || when === '>=';
}

/**
 * Where a level that has been reached is left again: a tenth on the good side of its threshold, so that a value that
 * hovers about it does not go to and fro.
 */
export function recoveryOf(threshold: HealthThreshold): HealthThreshold {
  const margin = Math.abs(threshold.value) * 0.1;
  return { ...threshold, value: threshold.value + (isUpper(threshold) ? -margin : margin) };
}

function defineHealthRules<const Rules extends readonly HealthRule[]>(rules: Rules): Rules {
  const metrics: readonly MetricDefinition[] = [
    ...trainingMetrics,
    ...progressMetrics,
    ...rlMetrics,
    ...performanceMetrics,
  ];
  const checks = new Set<string>();
  for (const rule of rules) {
    const refuse = (problem: string): never => {
      throw new TypeError(`Health rule ${rule.check}: ${problem}`);
    };
    if (checks.has(rule.check)) refuse('is declared twice');
    checks.add(rule.check);
    if (!metrics.some(({ name }) => name === rule.metric)) refuse(`there is no metric ${rule.metric}`);
    if (rule.warning === undefined && rule.critical === undefined) refuse('needs a threshold');
    Object.freeze(rule);
  }
  return Object.freeze(rules);
}
