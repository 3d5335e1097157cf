import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '../support/parent.ts';
import type { Life, MemorySample } from './ledger.ts';

export interface FleetOptions {
  readonly folder: string;
  readonly url: string;
  readonly intervalMillis: number;
  /** Of each driver. */
  readonly runs: number;
}

interface OpenLife {
  readonly name: string;
  readonly memory: MemorySample[];
  /** Points that the package says it has dropped, as far as it has been asked. */
  dropped: number;
  killedMillis?: number;
}

/** A process that takes steps. With a spool it may be killed and started anew, and each life has runs of its own. */
export class Driver {
  readonly name: string;
  readonly hasSpool: boolean;
  readonly #options: FleetOptions;
  readonly #lives: OpenLife[] = [];
  #worker: Worker | undefined;

  constructor(name: string, hasSpool: boolean, options: FleetOptions) {
    this.name = name;
    this.hasSpool = hasSpool;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { folder, url, intervalMillis, runs } = this.#options;
    const name = `${this.name}-${this.#lives.length + 1}`;
    this.#lives.push({ name, memory: [], dropped: 0 });
    this.#worker = await Worker.start(
      new URL('./driver.ts', import.meta.url),
      [this.#journalOf(name), name, String(runs)],
      {
        execArgv: ['--require', 'signal-otel/register'],
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          OTEL_METRIC_EXPORT_INTERVAL: String(intervalMillis),
          ...(this.hasSpool && { SIGNAL_SPOOL_DIR: join(folder, 'spool') }),
        },
      },
    );
  }

  /** Asks how it is, and lets it take no more steps where this is the last time. */
  async look(second: number, isLast = false): Promise<void> {
    const answer = await this.#worker?.ask({ stop: isLast ? 1 : 0 });
    const { resident = Number.NaN, used = Number.NaN, dropped = 0 } = answer ?? {};
    const life = this.#lives.at(-1);
    life?.memory.push({ second, resident, used });
    if (life !== undefined) life.dropped = dropped;
  }

  /** Does nothing where it has ended. */
  kill(): void {
    if (this.#worker === undefined) return;
    this.#worker.stop();
    this.#worker = undefined;
    const life = this.#lives.at(-1);
    if (life !== undefined) life.killedMillis = Date.now();
  }

  /** Lets it send the rest and end. */
  async end(second: number): Promise<void> {
    await this.look(second, true);
    await this.#worker?.end();
    this.#worker = undefined;
  }

  /** Its resident memory at the last look. */
  get megabytes(): number {
    return this.#lives.at(-1)?.memory.at(-1)?.resident ?? Number.NaN;
  }

  /** All its lives, once the last one is over. */
  get lives(): readonly Life[] {
    return this.#lives.map(({ name, memory, dropped, killedMillis }) => {
      const stepMillis = readFileSync(this.#journalOf(name), 'utf8').trimEnd().split('\n').map(Number);
      return { name, runs: this.#options.runs, stepMillis, killedMillis, memory, dropped };
    });
  }

  #journalOf(life: string): string {
    return join(this.#options.folder, `${life}.journal`);
  }
}
