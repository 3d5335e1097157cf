import type { HealthRule, HealthStatus } from '../catalogue/index.ts';
import { guard } from './guard.ts';
import { HealthJudge, statusOf } from './health-judge.ts';
import type { CheckedHealth } from './health-options.ts';

/** How a run is doing by one check. */
export interface CheckHealth {
  /** Full name: `signal.rl.kl_divergence`. */
  readonly check: string;
  /** In plain words. */
  readonly title: string;
  /** The status now. */
  readonly status: HealthStatus;
  /** What was judged last: a value, a share (entropy), standard deviations (loss), a number of values, seconds. */
  readonly value: number | undefined;
  /** What to do about it; empty where all is well. */
  readonly advice: string;
}

/** A status that is another than the one told before. */
export interface HealthChange {
  readonly rule: HealthRule;
  readonly status: HealthStatus;
  readonly previous: HealthStatus;
  readonly value: number;
}

/** Who is told of a run's health. */
export interface HealthListener {
  /** The status by a check, as a number: at each change, and where it stays at most once in ten seconds. */
  record(check: string, level: number): void;
  changed(change: HealthChange): void;
}

interface Check {
  readonly judge: HealthJudge;
  told: number;
  readonly toldMillis: number[];
  recorded: number;
  recordedMillis: number;
}

/** An export's interval: a point of each check in each second would be two fifths of all points of a run. */
const RECORD_INTERVAL_MILLIS = 10_000;
/** How often to look at a run that stands still. */
const STALLED_INTERVAL_MILLIS = 10_000;
/** Once its last level has come: a run that nobody has ended is not shown for ever. */
const STALLED_MAX_MILLIS = 3_600_000;

/**
 * Judges a run at each step. A change of a check's status is told once; the same alarm again, sooner than the pause
 * allows, when the pause is over, if it still holds then. A recovery is told whenever the alarm was.
 */
export class RunHealth {
  readonly #pauseMillis: number;
  readonly #listener: HealthListener;
  readonly #checks: readonly Check[];
  readonly #stalled: Check | undefined;
  #lastStepMillis = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ rules, pauseMillis }: CheckedHealth, listener: HealthListener) {
    this.#pauseMillis = pauseMillis;
    this.#listener = listener;
    this.#checks = rules.map((rule) => ({
      judge: new HealthJudge(rule),
      told: 0,
      toldMillis: [],
      recorded: 0,
      recordedMillis: Number.NEGATIVE_INFINITY,
    }));
    this.#stalled = this.#checks.find(({ judge }) => judge.rule.measure === 'idleSeconds');
  }

  /**
   * @param values of one call, by the metrics' names.
   * @param names of them all.
   */
  add(values: Readonly<Record<string, number>>, names: readonly string[]): void {
    if (names.length === 0) return;
    const now = performance.now();
    for (const check of this.#checks) {
      const { judge } = check;
      const { measure, metric } = judge.rule;
      if (measure === 'idleSeconds') continue;
      const value = measure === 'nonFinite' ? countNonFinite(values, names) : values[metric];
      // A value that is none is for the rule that counts them.
      if (value === undefined || !Number.isFinite(value)) continue;
      judge.add(value);
      this.#look(check, now);
    }
  }

  /** A step has come. */
  stepped(): void {
    if (this.#stalled === undefined) return;
    this.#lastStepMillis = performance.now();
    this.#stalled.judge.judge(0);
    this.#look(this.#stalled, this.#lastStepMillis);
    if (this.#timer === undefined) this.#watch(Math.min(...stallMillis(this.#stalled.judge.rule)));
  }

  /** Of every check that has been judged. */
  checks(): CheckHealth[] {
    return this.#checks.flatMap(({ judge: { rule, level, judged } }) => {
      if (judged === undefined) return [];
      const advice = level === 0 ? '' : rule.advice;
      return [{ check: rule.check, title: rule.title, status: statusOf(level), value: judged, advice }];
    });
  }

  /** The run is over: it cannot stall. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(check: Check, now: number): void {
    const { level, rule, judged } = check.judge;
    // Values without a past to compare with say nothing yet.
    if (judged === undefined) return;
    if (level !== check.recorded || now - check.recordedMillis >= RECORD_INTERVAL_MILLIS) {
      check.recorded = level;
      check.recordedMillis = now;
      this.#listener.record(rule.check, level);
    }
    if (level === check.told) return;
    const lastMillis = check.toldMillis[level] ?? Number.NEGATIVE_INFINITY;
    if (level > 0 && now - lastMillis < this.#pauseMillis) return;
    check.toldMillis[level] = now;
    const previous = statusOf(check.told);
    check.told = level;
    this.#listener.changed({ rule, status: statusOf(level), previous, value: judged });
  }

  /** One timer a run, which neither holds the process nor a collector that nobody has any more. */
  #watch(millis: number): void {
    const weak = new WeakRef(this);
    const look = () => {
      const health = weak.deref();
      if (health !== undefined) guard('health', () => health.#lookAtIdle());
    };
    this.#timer = setTimeout(look, Math.max(1, Math.min(millis, MAX_TIMER_MILLIS))).unref();
  }

  #lookAtIdle(): void {
    this.#timer = undefined;
    const check = this.#stalled;
    if (check === undefined) return;
    const now = performance.now();
    const idleMillis = now - this.#lastStepMillis;
    const levelsMillis = stallMillis(check.judge.rule);
    const leftMillis = Math.min(...levelsMillis) - idleMillis;
    if (leftMillis > 0) {
      this.#watch(leftMillis);
      return;
    }
    check.judge.judge(idleMillis / 1_000);
    this.#look(check, now);
    if (idleMillis < Math.max(...levelsMillis) + STALLED_MAX_MILLIS) this.#watch(STALLED_INTERVAL_MILLIS);
  }
}

/** The longest that a timer of Node can wait. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1;

/** After how long without a step each level of the rule comes. */
function stallMillis({ warning, critical }: HealthRule): number[] {
  return [warning, critical].flatMap((threshold) => (threshold === undefined ? [] : [threshold.value * 1_000]));
}

function countNonFinite(values: Readonly<Record<string, number>>, names: readonly string[]): number {
  let count = 0;
  for (const name of names) if (!Number.isFinite(values[name])) count += 1;
  return count;
}
