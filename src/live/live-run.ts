import { type HealthLevel, type HealthThreshold, isUpper } from '../catalogue/index.ts';
import type { HistoryEntry } from '../run/history.ts';
import { kindOf } from '../run/metric-names.ts';
import type { ObservedRun, RunEvent } from '../run/run-observer.ts';
import { LiveMetric } from './live-metric.ts';
import type { WireEvent, WireHealth, WireLevel, WireMetric, WireRule, WireRun, WireRunProgress } from './protocol.ts';

/** Of a run; names may come from data. */
const MAX_METRICS = 64;
const MAX_EVENTS = 200;

/** How often the judged values of checks are told whose status stays. */
const HEALTH_INTERVAL_MILLIS = 1_000;

/** What the page shows of one run. */
export class LiveRun {
  readonly runId: string;
  readonly #model: string | undefined;
  /** The page must not be what keeps a collector that its host has dropped. */
  #observed: WeakRef<ObservedRun>;
  #rules: readonly WireRule[];
  #hasNewRules = true;
  #startedMillis = 0;
  #step = Number.NaN;
  #isEnded = false;
  readonly #metrics = new Map<string, LiveMetric>();
  readonly #events: WireEvent[] = [];
  #eventsTaken = 0;
  #isNew = true;
  #health: readonly WireHealth[] = [];
  #healthMillis = Number.NEGATIVE_INFINITY;

  constructor(observed: ObservedRun) {
    this.runId = observed.runId;
    this.#model = observed.model;
    this.#observed = new WeakRef(observed);
    this.#rules = rulesOf(observed);
  }

  add(observed: ObservedRun, { timestampMillis, step, metrics }: HistoryEntry): void {
    if (this.#observed.deref() !== observed) this.#follow(observed);
    this.#isEnded = false;
    this.#isNew = true;
    this.#step = step ?? Number.NaN;
    for (const name in metrics) {
      this.#metricOf(name)?.push(this.#step, this.#timeOf(timestampMillis), metrics[name] ?? Number.NaN);
    }
  }

  /** The oldest makes way. */
  happened({ step, title, text, alertType }: RunEvent, timestampMillis: number): void {
    this.#isNew = true;
    this.#events.push({ step, time: this.#timeOf(timestampMillis), title, text, alertType });
    if (this.#events.length <= MAX_EVENTS) return;
    this.#events.shift();
    this.#eventsTaken = Math.max(0, this.#eventsTaken - 1);
  }

  end(): void {
    this.#isEnded = true;
    this.#isNew = true;
  }

  /** What is new since the last time; `undefined` where nothing is. */
  take(): WireRun | undefined {
    const health = this.#takeHealth();
    if (!this.#isNew && health === undefined) return undefined;
    this.#isNew = false;
    const events = this.#events.slice(this.#eventsTaken);
    this.#eventsTaken = this.#events.length;
    const rules = this.#hasNewRules ? this.#rules : undefined;
    this.#hasNewRules = false;
    return this.#wire((metric) => metric.take(), { events, health, rules });
  }

  toWire(): WireRun {
    const [events, health, rules] = [this.#events, this.#health, this.#rules];
    return this.#wire((metric) => metric.toWire(), { events, health, rules });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  progress(): WireRunProgress {
    const checks = this.#observed.deref()?.getHealth() ?? [];
    return {
      runId: this.runId,
      step: this.#shownStep,
      values: Object.fromEntries([...this.#metrics].map(([name, metric]) => [name, metric.newest])),
      statuses: Object.fromEntries(checks.map(({ check, status }) => [check, status])),
    };
  }

  get #shownStep(): number | null {
    return Number.isNaN(this.#step) ? null : this.#step;
  }

  /** Another collector of the same run goes on with it. */
  #follow(observed: ObservedRun): void {
    this.#observed = new WeakRef(observed);
    this.#rules = rulesOf(observed);
    this.#hasNewRules = true;
  }

  /** Since the run began, which is with the first that is known of it. */
  #timeOf(timestampMillis: number): number {
    if (this.#startedMillis === 0) this.#startedMillis = timestampMillis;
    return timestampMillis - this.#startedMillis;
  }

  #metricOf(name: string): LiveMetric | undefined {
    let metric = this.#metrics.get(name);
    if (metric === undefined && this.#metrics.size < MAX_METRICS) {
      metric = new LiveMetric(kindOf(name) === 'histogram');
      this.#metrics.set(name, metric);
    }
    return metric;
  }

  /** Read and not told: a collector has a status at any moment, and tells only some of its changes. */
  #takeHealth(): readonly WireHealth[] | undefined {
    const checks = this.#observed.deref()?.getHealth();
    if (checks === undefined) return undefined;
    const now = performance.now();
    const hasChanged =
      checks.length !== this.#health.length ||
      checks.some(({ status }, index) => status !== this.#health[index]?.status) ||
      (this.#isNew && now - this.#healthMillis >= HEALTH_INTERVAL_MILLIS);
    if (!hasChanged) return undefined;
    this.#healthMillis = now;
    this.#health = checks.map((check) => ({ ...check, value: check.value ?? null }));
    return this.#health;
  }

  #wire(
    wireOf: (metric: LiveMetric) => WireMetric | undefined,
    more: Pick<WireRun, 'events' | 'health' | 'rules'>,
  ): WireRun {
    const metrics: Record<string, WireMetric> = {};
    for (const [name, metric] of this.#metrics) {
      const wire = wireOf(metric);
      if (wire !== undefined) metrics[name] = wire;
    }
    return {
      runId: this.runId,
      model: this.#model ?? null,
      startedMillis: this.#startedMillis,
      isEnded: this.#isEnded,
      step: this.#shownStep,
      metrics,
      keptEvents: this.#events.length,
      ...more,
    };
  }
}

function rulesOf({ healthRules }: ObservedRun): WireRule[] {
  return healthRules
    .filter(({ measure }) => measure === 'value')
    .map(({ metric, warning, critical }) => ({
      metric,
      levels: [...levelOf('warning', warning), ...levelOf('critical', critical)],
    }));
}

function levelOf(status: HealthLevel, threshold: HealthThreshold | undefined): WireLevel[] {
  return threshold === undefined ? [] : [{ status, ...threshold, isUpper: isUpper(threshold) }];
}
