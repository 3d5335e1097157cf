import {
  HEALTH_STATUSES,
  HEALTH_WINDOW,
  HEALTH_WINDOW_MIN,
  type HealthRule,
  type HealthStatus,
  type HealthThreshold,
  isBeyond,
  recoveryOf,
} from '../catalogue/index.ts';

/** The last values of a metric, with mean and deviation. */
class RecentPast {
  readonly #values: number[] = [];
  #next = 0;
  #mean = 0;
  /** The sum of the squares of the distances from the mean. */
  #squares = 0;

  get isEnough(): boolean {
    return this.#values.length >= HEALTH_WINDOW_MIN;
  }

  get mean(): number {
    return this.#mean;
  }

  get deviation(): number {
    return Math.sqrt(Math.max(0, this.#squares) / this.#values.length);
  }

  push(value: number): void {
    const gone = this.#values[this.#next];
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % HEALTH_WINDOW;
    // Kept up with each value; afresh once in a round, before errors of rounding add up.
    if (gone === undefined || this.#next === 0) this.#measure();
    else {
      const before = this.#mean;
      this.#mean += (value - gone) / this.#values.length;
      this.#squares += (value - gone) * (value - this.#mean + gone - before);
    }
  }

  #measure(): void {
    const { length } = this.#values;
    this.#mean = this.#values.reduce((sum, value) => sum + value / length, 0);
    this.#squares = this.#values.reduce((sum, value) => sum + (value - this.#mean) ** 2, 0);
  }
}

/** Below this a mean is as good as zero, and a share of it would say nothing; in the unit of the metric. */
const MIN_ENTROPY = 0.1;
/** Of the mean: a loss that hardly varies at all does not spike with the first wiggle. */
const MIN_DEVIATION = 0.1;

/** Judges one run by one rule. */
export class HealthJudge {
  readonly rule: HealthRule;
  /** Index in `HEALTH_STATUSES`. */
  #level = 0;
  /** What was judged last: a value, a share, a number of standard deviations, seconds. */
  #judged: number | undefined;
  #worse = new Streak(Math.min);
  #better = new Streak(Math.max);
  readonly #past = new RecentPast();
  /** Where each level begins, and where it ends: leaving it takes more than not to reach it. */
  readonly #reached: readonly (HealthThreshold | undefined)[];
  readonly #held: readonly (HealthThreshold | undefined)[];

  constructor(rule: HealthRule) {
    this.rule = rule;
    this.#reached = [undefined, rule.warning, rule.critical];
    this.#held = this.#reached.map((threshold) => threshold && recoveryOf(threshold));
  }

  get level(): number {
    return this.#level;
  }

  get judged(): number | undefined {
    return this.#judged;
  }

  /** Takes a value of the rule's metric. */
  add(value: number): void {
    const measured = this.#measure(value);
    if (measured !== undefined) this.judge(measured);
  }

  /** Takes what the rule judges. */
  judge(judged: number): void {
    this.#judged = judged;
    const { patience, recovery } = this.rule;
    const reached = highest(this.#reached, this.#reached.length - 1, judged);
    if (reached > this.#level) {
      this.#better.end();
      this.#level = this.#worse.add(reached, patience) ?? this.#level;
      return;
    }
    this.#worse.end();
    const held = highest(this.#held, this.#level, judged);
    if (held < this.#level) this.#level = this.#better.add(held, recovery) ?? this.#level;
    else this.#better.end();
  }

  #measure(value: number): number | undefined {
    const { measure } = this.rule;
    if (measure !== 'drop' && measure !== 'spike') return value;
    const { isEnough, mean, deviation } = this.#past;
    this.#past.push(value);
    if (!isEnough) return undefined;
    if (measure === 'drop') return (mean - value) / Math.max(Math.abs(mean), MIN_ENTROPY);
    // A loss that has always been the same number exactly, 0 included, has no measure of its own.
    const unit = Math.max(deviation, MIN_DEVIATION * Math.abs(mean));
    return unit === 0 ? undefined : (value - mean) / unit;
  }
}

/** The worst level, from `top` downwards, whose threshold a number is beyond; 0 where there is none. */
function highest(thresholds: readonly (HealthThreshold | undefined)[], top: number, judged: number): number {
  for (let level = top; level > 0; level--) {
    const threshold = thresholds[level];
    if (threshold !== undefined && isBeyond(threshold, judged)) return level;
  }
  return 0;
}

/** Levels in a row on one side of the present one. */
class Streak {
  readonly #mildest: (a: number, b: number) => number;
  #length = 0;
  #level = 0;

  /** @param mildest of the levels of a streak, the one that all of it justifies. */
  constructor(mildest: (a: number, b: number) => number) {
    this.#mildest = mildest;
  }

  /** @returns the level that holds from now on, once the streak is so long. */
  add(level: number, enough: number): number | undefined {
    this.#level = this.#length === 0 ? level : this.#mildest(this.#level, level);
    this.#length += 1;
    if (this.#length < enough) return undefined;
    this.#length = 0;
    return this.#level;
  }

  end(): void {
    this.#length = 0;
  }
}

export function statusOf(level: number): HealthStatus {
  return HEALTH_STATUSES[level] ?? 'ok';
}
