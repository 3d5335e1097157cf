import { Receiver } from '../support/receiver.ts';
import { HISTOGRAMS } from '../support/workload.ts';

const [DURATION] = HISTOGRAMS;

/** What was called against what arrived: a call that is not recorded costs nothing. */
export class Ledger implements AsyncDisposable {
  readonly #name: string;
  readonly #receiver: Receiver;
  readonly #arrived: { calls: number };
  #called = 0;

  private constructor(name: string, receiver: Receiver, arrived: { calls: number }) {
    this.#name = name;
    this.#receiver = receiver;
    this.#arrived = arrived;
  }

  static async open(name: string): Promise<Ledger> {
    const arrived = { calls: 0 };
    const receiver = await Receiver.open({
      takePoints: (points) => {
        for (const { metric, value } of points) if (metric === DURATION) arrived.calls += value;
      },
    });
    return new Ledger(name, receiver, arrived);
  }

  get url(): string {
    return this.#receiver.url;
  }

  add(calls: number): void {
    this.#called += calls;
  }

  /** @throws Error where it does not balance. */
  balance(): void {
    const { calls } = this.#arrived;
    if (calls !== this.#called) throw new Error(`${this.#name}: of ${this.#called} calls ${calls} arrived`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#receiver[Symbol.asyncDispose]();
  }
}
