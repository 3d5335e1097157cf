import { type Balance, balance, type Kind, kindOf, StreamAccount } from '../support/account.ts';
import type { Numbers } from '../support/child.ts';
import type { Point } from '../support/otlp.ts';

/** What arrived of one training process, and what it says it has recorded. */
export class Ledger {
  readonly #counts = new StreamAccount();
  readonly #records = new StreamAccount();
  /** Values of the gauge, which are numbers of steps, in the order of their arrival. */
  readonly #steps: number[] = [];

  add(points: readonly Point[]): void {
    for (const { metric, millis, value } of points) {
      const kind = kindOf[metric];
      if (kind === 'counts') this.#counts.add(millis, value);
      else if (kind === 'histogram records') this.#records.add(millis, value);
      else if (kind === 'step-seconds') this.#steps.push(value);
    }
  }

  /** @param lastStepOf the last step of each second. */
  close(lastStepOf: Numbers): Readonly<Record<Kind, Balance>> {
    const lastSteps = Object.values(lastStepOf);
    const sent = lastSteps.at(-1) ?? 0;
    const seconds = new StreamAccount();
    // By the value, and not by the time of the point: the SDK's is the time of the export.
    for (const step of this.#steps) {
      seconds.add(
        lastSteps.findIndex((last) => step <= last),
        1,
      );
    }
    return {
      counts: balance(sent, this.#counts),
      'histogram records': balance(sent, this.#records),
      'step-seconds': balance(lastSteps.length, seconds),
    };
  }
}
