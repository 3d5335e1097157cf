import type { ForwardBackwardResult, OptimStepResult } from './signal-client.ts';

const rewardWindow = 100;

/** What the driver saw. */
export class TrainingReport {
  readonly #startMillis = performance.now();
  readonly #runId: string;
  readonly #lastValues = new Map<string, number>();
  readonly #rewardMeans: number[] = [];
  #optimSteps = 0;
  #recentReturns: readonly number[] = [];
  #episodes = 0;
  #environmentSteps = 0;

  constructor(runId: string) {
    this.#runId = runId;
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

  recordPass({ metrics, loss, grad_norm }: ForwardBackwardResult): void {
    this.#recordValues({ ...metrics, loss, grad_norm });
  }

  /** An optimizer step that has been taken. */
  recordUpdate({ step, learning_rate }: OptimStepResult): void {
    this.#optimSteps += 1;
    this.#recordValues({ step, learning_rate });
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
    return [
      `Run ${this.#runId}: ${this.optimSteps} optimizer steps in ${this.#rewardMeans.length} updates, ` +
        `${this.#environmentSteps} environment steps, ${this.#elapsedSeconds().toFixed(1)} s`,
      `  reward (mean of last ${rewardWindow} episodes)  ` +
        `first ${format(this.#rewardMeans.at(0), 1)}  last ${format(this.#rewardMeans.at(-1), 1)}`,
    ].join('\n');
  }

  /** The content of the file that `--json` names. */
  toJson(): object {
    return {
      run_id: this.#runId,
      optim_steps: this.optimSteps,
      updates: this.#rewardMeans.length,
      environment_steps: this.#environmentSteps,
      episodes: this.#episodes,
      first_reward: this.#rewardMeans.at(0),
      last_reward: this.#rewardMeans.at(-1),
      duration_s: this.#elapsedSeconds(),
      metrics: Object.fromEntries(this.#lastValues),
    };
  }

  #recordValues(values: Readonly<Record<string, number | null>>): void {
    for (const [key, value] of Object.entries(values)) {
      if (value !== null) {
        this.#lastValues.set(key, value);
      }
    }
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

export function format(value: number | null | undefined, digits: number): string {
  return value?.toFixed(digits) ?? '-';
}
