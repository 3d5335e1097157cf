import { COUNTER, GAUGES, HISTOGRAMS } from './workload.ts';

/** What a training process is held to: each on one of its metrics. A step-second is a second with a step in it. */
export const KINDS = ['counts', 'histogram records', 'step-seconds'] as const;
export type Kind = (typeof KINDS)[number];

/** Which kind a metric is there for; `undefined` where for none. */
export const kindOf: Readonly<Record<string, Kind>> = {
  [COUNTER]: 'counts',
  [HISTOGRAMS[0]]: 'histogram records',
  [GAUGES[0]]: 'step-seconds',
};

/** What has arrived of one stream, told apart by keys that rise: the times of its points, or its seconds. */
export class StreamAccount {
  /** Each key counted once. */
  arrived = 0;
  /** What came with a key that had come before. */
  twice = 0;
  /** Points that came after a later one. */
  outOfOrder = 0;
  readonly #seen = new Set<number>();
  #latest = Number.NEGATIVE_INFINITY;

  add(key: number, amount: number): void {
    if (this.#seen.has(key)) {
      this.twice += amount;
      return;
    }
    this.#seen.add(key);
    this.arrived += amount;
    if (key < this.#latest) this.outOfOrder += 1;
    else this.#latest = key;
  }

  /** Whether something with this key has come. */
  has(key: number): boolean {
    return this.#seen.has(key);
  }
}

/** The accounts of many streams, each of one kind and one run. */
export class StreamAccounts {
  readonly #accounts = new Map<string, StreamAccount>();

  of(kind: Kind, runId: string): StreamAccount {
    const key = `${kind} ${runId}`;
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = new StreamAccount();
      this.#accounts.set(key, account);
    }
    return account;
  }
}

/** A stream's account against what was recorded. */
export interface Balance {
  readonly sent: number;
  readonly arrived: number;
  readonly lost: number;
  readonly twice: number;
  readonly outOfOrder: number;
}

/** More than was sent is something twice, however it came about. */
export function balance(
  sent: number,
  { arrived, twice, outOfOrder }: Pick<StreamAccount, 'arrived' | 'twice' | 'outOfOrder'>,
): Balance {
  return { sent, arrived, lost: Math.max(0, sent - arrived), twice: twice + Math.max(0, arrived - sent), outOfOrder };
}

export function total(balances: readonly Balance[]): Balance {
  const sum = (key: keyof Balance) => balances.reduce((all, one) => all + one[key], 0);
  return {
    sent: sum('sent'),
    arrived: sum('arrived'),
    lost: sum('lost'),
    twice: sum('twice'),
    outOfOrder: sum('outOfOrder'),
  };
}
