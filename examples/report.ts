import type { MetricStatistics, MetricsCollector } from 'signal-otel';

const rewardWindow = 100;

/** What the driver saw and gave to the collector. */
export class TrainingReport {
  readonly #startMillis = performance.now();
  readonly #collector: MetricsCollector;
  readonly #lastValues = new Map<string, number>();
  readonly #rewardMeans: number[] = [];
  #optimSteps = 0;
  #recentReturns: readonly number[] = [];
  #episodes = 0;
  #environmentSteps = 0;

  constructor(collector: MetricsCollector) {
    this.#collector = collector;
  }

  /** False until 100 episodes have ended, so that a few lucky ones do not count as trained. */
  isAbove(targetReward: number): boolean {
    return this.#recentReturns.length === rewardWindow && mean(this.#recentReturns) > targetReward;
  }

  get optimSteps(): number {
    return this.#optimSteps;
  }

  /** One update: a rollout and the optimizer steps taken on it. */
  recordRollout(environmentSteps: number, finishedReturns: readonly number[]): void {
    this.#environmentSteps += environmentSteps;
    this.#episodes += finishedReturns.length;
    this.#recentReturns = [...this.#recentReturns, ...finishedReturns].slice(-rewardWindow);
    this.#rewardMeans.push(mean(this.#recentReturns));
  }

  recordValues(values: Readonly<Record<string, number | null>>): void {
    for (const [key, value] of Object.entries(values)) {
      if (value !== null) {
        this.#lastValues.set(key, value);
      }
    }
  }

  /** The values of an optimizer step that has been taken. */
  recordUpdate(values: Readonly<Record<string, number>>): void {
    this.#optimSteps += 1;
    this.recordValues(values);
  }

  progressLine(): string {
    const seconds = this.#elapsedSeconds();
    return [
      `step ${this.optimSteps}`,
      `loss ${this.#shown('loss')}`,
      `reward ${format(this.#rewardMeans.at(-1), 1)}`,
      `KL ${this.#shown('kl_divergence')}`,
      `${(this.optimSteps / seconds).toFixed(0)} steps/s`,
    ].join('  ');
  }

  summary(): string {
    const { metrics } = this.#collector.getMetricsSummary();
    const durations = this.#durationsMillis('forward_backward');
    return [
      `Run ${this.#collector.runId}: ${this.optimSteps} optimizer steps in ${this.#rewardMeans.length} updates, ` +
        `${this.#environmentSteps} environment steps, ${this.#elapsedSeconds().toFixed(1)} s`,
      `  reward (mean of last ${rewardWindow} episodes)  ` +
        `first ${format(this.#rewardMeans.at(0), 1)}  last ${format(this.#rewardMeans.at(-1), 1)}`,
      statisticsLine('loss', metrics['signal.training.loss']),
      statisticsLine('KL divergence', metrics['signal.rl.kl_divergence']),
      statisticsLine('entropy', metrics['signal.rl.entropy']),
      `  forward_backward  p50 ${format(quantile(durations, 0.5), 2)} ms  p99 ${format(quantile(durations, 0.99), 2)} ms`,
    ].join('\n');
  }

  /** The content of the file that `--json` names. */
  toJson(): object {
    const operations = ['forward_backward', 'optim_step'].map((operation) => [
      operation,
      { durations_ms: this.#durationsMillis(operation) },
    ]);
    return {
      run_id: this.#collector.runId,
      optim_steps: this.optimSteps,
      updates: this.#rewardMeans.length,
      environment_steps: this.#environmentSteps,
      episodes: this.#episodes,
      first_reward: this.#rewardMeans.at(0),
      last_reward: this.#rewardMeans.at(-1),
      duration_s: this.#elapsedSeconds(),
      metrics: Object.fromEntries(this.#lastValues),
      operations: Object.fromEntries(operations),
    };
  }

  /** What the collector measured, every operation of the run. */
  #durationsMillis(operation: string): number[] {
    const metric = `signal.performance.${operation}_duration_ms`;
    return this.#collector.metricsHistory.toArray().flatMap(({ metrics }) => metrics[metric] ?? []);
  }

  #elapsedSeconds(): number {
    return (performance.now() - this.#startMillis) / 1000;
  }

  #shown(key: string): string {
    return format(this.#lastValues.get(key), 4);
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** The nearest-rank quantile. */
function quantile(values: readonly number[], q: number): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)];
}

function statisticsLine(label: string, statistics: MetricStatistics | undefined): string {
  return `  ${label}  min ${format(statistics?.min, 4)}  max ${format(statistics?.max, 4)}  last ${format(statistics?.last, 4)}`;
}

function format(value: number | null | undefined, digits: number): string {
  return value?.toFixed(digits) ?? '-';
}
