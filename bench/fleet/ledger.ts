import { type Balance, balance, KINDS, kindOf, type StreamAccount, StreamAccounts } from '../support/account.ts';
import type { Point, SpanId } from '../support/otlp.ts';
import { STEPS_A_SECOND, secondOf } from '../support/steps.ts';

/** What the fleet is held to, run by run. */
export const FLEET_KINDS = [...KINDS, 'spans'] as const;
export type FleetKind = (typeof FLEET_KINDS)[number];

const SPANS_A_STEP = 2;

/** Between which times a step was recorded. */
export interface Tick {
  readonly beforeMillis: number;
  readonly afterMillis: number;
}

/** A process, and when it ticked by its journal: each tick is a step of every tenth run. */
export interface Training {
  readonly name: string;
  readonly runs: number;
  readonly ticks: readonly Tick[];
}

/** What has arrived of each run. */
export class FleetLedger {
  /** Data points and spans that came, each as often as it came. */
  points = 0;
  spans = 0;
  /** From a step to its arrival, while it is asked for. */
  readonly delayMillis: number[] = [];
  isTimed = false;
  readonly #streams = new StreamAccounts();
  readonly #spans = new Map<string, Set<string>>();
  readonly #spansTwice = new Map<string, number>();

  addPoints(points: readonly Point[]): void {
    const now = Date.now();
    this.points += points.length;
    for (const { metric, runId, millis, value } of points) {
      const kind = kindOf[metric];
      if (kind === undefined) continue;
      if (kind !== 'step-seconds') this.#streams.of(kind, runId).add(millis, value);
      else {
        this.#streams.of(kind, runId).add(secondOf(millis), 1);
        if (this.isTimed) this.delayMillis.push(now - millis);
      }
    }
  }

  addSpans(spans: readonly SpanId[]): void {
    this.spans += spans.length;
    for (const { runId, id } of spans) {
      const seen = this.#spans.get(runId) ?? new Set();
      this.#spans.set(runId, seen);
      if (seen.has(id)) this.#spansTwice.set(runId, (this.#spansTwice.get(runId) ?? 0) + 1);
      seen.add(id);
    }
  }

  /** The balance of each run of a process. */
  balances(kind: FleetKind, { name, runs, ticks }: Training): Balance[] {
    return Array.from({ length: runs }, (_, run) => {
      const steps = ticks.filter((_, tick) => tick % STEPS_A_SECOND === run % STEPS_A_SECOND);
      const runId = `${name}-${run}`;
      switch (kind) {
        case 'spans':
          return balance(steps.length * SPANS_A_STEP, {
            arrived: this.#spans.get(runId)?.size ?? 0,
            twice: this.#spansTwice.get(runId) ?? 0,
            outOfOrder: 0,
          });
        case 'step-seconds':
          return balanceOfSeconds(steps, this.#streams.of(kind, runId));
        default:
          return balance(steps.length, this.#streams.of(kind, runId));
      }
    });
  }
}

/** A step that was recorded as a second ended may be in the one or in the next. */
function balanceOfSeconds(steps: readonly Tick[], account: StreamAccount): Balance {
  const arrived = new Set<number>();
  const lost = new Set<number>();
  for (const { beforeMillis, afterMillis } of steps) {
    const found = [secondOf(beforeMillis), secondOf(afterMillis)].filter((second) => account.has(second));
    for (const second of found) arrived.add(second);
    if (found.length === 0) lost.add(secondOf(beforeMillis));
  }
  return {
    sent: arrived.size + lost.size,
    arrived: account.arrived,
    lost: lost.size,
    // A second without a step is none that was recorded.
    twice: account.twice + account.arrived - arrived.size,
    outOfOrder: account.outOfOrder,
  };
}
