import { type Balance, balance, type Kind, kindOf, StreamAccounts } from '../support/account.ts';
import type { Point } from '../support/otlp.ts';
import { secondOf } from '../support/steps.ts';

/** The memory of a process at one time of the soak, in MB. */
export interface MemorySample {
  readonly second: number;
  readonly resident: number;
  /** In use by the heap and by buffers, garbage that has not been collected included. */
  readonly used: number;
}

/** One life of a driver, from its start to its end. */
export interface Life {
  readonly name: string;
  readonly runs: number;
  /** When it took each step, by its journal. */
  readonly stepMillis: readonly number[];
  readonly killedMillis: number | undefined;
  readonly memory: readonly MemorySample[];
  /** Points that the package says it has dropped, with a reason. */
  readonly dropped: number;
}

/** What arrived of each run. */
export class Ledger {
  readonly #streams = new StreamAccounts();

  add(points: readonly Point[]): void {
    for (const { metric, runId, millis, value } of points) {
      const kind = kindOf[metric];
      if (kind === 'step-seconds') this.#streams.of(kind, runId).add(secondOf(millis), 1);
      else if (kind !== undefined) this.#streams.of(kind, runId).add(millis, value);
    }
  }

  /** The balance of each run of a life. */
  balances(kind: Kind, { name, runs, stepMillis }: Life): Balance[] {
    const sent = kind === 'step-seconds' ? new Set(stepMillis.map(secondOf)).size : stepMillis.length;
    return Array.from({ length: runs }, (_, run) => balance(sent, this.#streams.of(kind, `${name}-${run}`)));
  }
}

/**
 * How long before its end a killed driver took the first step that is lost, in the run that lost most. What is lost are
 * the last steps: with a hole before them, fewer would have arrived, and this would be the longer.
 */
export function lostSeconds(
  kind: Kind,
  { stepMillis, killedMillis = Number.NaN }: Life,
  balances: readonly Balance[],
): number {
  const arrived = Math.min(...balances.map((one) => one.arrived));
  const seconds = [...new Set(stepMillis.map(secondOf))];
  const first =
    kind === 'step-seconds' ? stepMillis.find((millis) => secondOf(millis) === seconds[arrived]) : stepMillis[arrived];
  return first === undefined ? 0 : (killedMillis - first) / 1_000;
}
