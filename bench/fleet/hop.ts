import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, type CollectorOptions, startCollector } from '../../test/support/collector.ts';

/** A real Collector that can be killed and started anew, with its ports and what it has on disk. */
export class Hop implements AsyncDisposable {
  readonly #options: CollectorOptions;
  readonly #folder: string;
  #collector: Collector;
  #isUp = true;

  private constructor(collector: Collector, options: CollectorOptions, folder: string) {
    this.#collector = collector;
    this.#options = options;
    this.#folder = folder;
  }

  /** @param folder where it keeps what waits. */
  static async start(config: string, folder: string, env: Readonly<Record<string, string>>): Promise<Hop> {
    const options = { config, env: { ...env, OTELCOL_QUEUE_DIRECTORY: folder } };
    return new Hop(await startCollector(options), options, folder);
  }

  get port(): number {
    return this.#collector.ports.http;
  }

  /** Its process, where it runs. */
  get pids(): readonly number[] {
    return this.#isUp ? [this.#collector.pid] : [];
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.#isUp = false;
    await this.#collector.kill();
  }

  async restart(): Promise<void> {
    this.#collector = await startCollector({ ...this.#options, ports: this.#collector.ports });
    this.#isUp = true;
  }

  /** On its disk. */
  get megabytes(): number {
    const bytes = readdirSync(this.#folder).reduce((all, file) => all + statSync(join(this.#folder, file)).size, 0);
    return bytes / 2 ** 20;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#collector[Symbol.asyncDispose]();
  }
}
