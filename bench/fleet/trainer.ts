import { readFileSync } from 'node:fs';
import { Worker } from '../support/parent.ts';
import type { Training } from './ledger.ts';

export interface TrainerOptions {
  readonly name: string;
  readonly journal: string;
  readonly runs: number;
  readonly url: string;
  readonly intervalMillis: number;
}

/** A process that trains some runs under signal-otel/register. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #worker: Worker;
  #hasEnded = false;
  /** Points and spans that the package says it has dropped, as far as it has been asked. */
  dropped = 0;

  private constructor(options: TrainerOptions, worker: Worker) {
    this.#options = options;
    this.#worker = worker;
  }

  static async start(options: TrainerOptions): Promise<Trainer> {
    const { journal, name, runs, url, intervalMillis } = options;
    const worker = await Worker.start(new URL('./driver.ts', import.meta.url), [journal, name, String(runs)], {
      execArgv: ['--require', 'signal-otel/register'],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_METRIC_EXPORT_INTERVAL: String(intervalMillis) },
    });
    return new Trainer(options, worker);
  }

  get pids(): readonly number[] {
    return this.#hasEnded ? [] : [this.#worker.pid];
  }

  /** Lets it take no more steps, send the rest, and end. */
  async end(): Promise<void> {
    this.dropped = (await this.#worker.ask({ stop: 1 })).dropped ?? Number.NaN;
    this.#hasEnded = true;
    await this.#worker.end();
  }

  kill(): void {
    this.#worker.stop();
  }

  /** What it has recorded so far, by its journal. */
  training(): Training {
    const { name, runs, journal } = this.#options;
    const lines = readFileSync(journal, 'utf8').split('\n').slice(0, -1);
    const ticks = lines.map((line) => {
      const [beforeMillis = Number.NaN, afterMillis = Number.NaN] = line.split(' ').map(Number);
      return { beforeMillis, afterMillis };
    });
    return { name, runs, ticks };
  }
}
