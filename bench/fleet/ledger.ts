import { type Balance, balance, KINDS, kindOf, StreamAccount } from '../support/account.ts';
import type { Point, SpanId } from '../support/otlp.ts';
import { STEPS_A_SECOND, secondOf } from '../support/steps.ts';

/** What the fleet is held to, run by run. */
export const FLEET_KINDS = [...KINDS, 'spans'] as const;
export type FleetKind = (typeof FLEET_KINDS)[number];

const SPANS_A_STEP = 2;

/** A process, and when it ticked by its journal: each tick is a step of every tenth run. */
export interface Training {
  readonly name: string;
  readonly runs: number;
  readonly tickMillis: readonly number[];
}

/** What has arrived of each run. */
export class FleetLedger {
  /** Data points and spans that came, each as often as it came. */
  points = 0;
  spans = 0;
  /** From a step to its arrival, while it is asked for. */
  readonly delayMillis: number[] = [];
  isTimed = false;
  readonly #streams = new Map<string, StreamAccount>();
  readonly #spans = new Map<string, Set<string>>();
  readonly #spansTwice = new Map<string, number>();

  addPoints(points: readonly Point[]): void {
    const now = Date.now();
    this.points += points.length;
    for (const { metric, runId, millis, value } of points) {
      const kind = kindOf[metric];
      if (kind === undefined) continue;
      if (kind !== 'step-seconds') this.#stream(kind, runId).add(millis, value);
      else {
        this.#stream(kind, runId).add(secondOf(millis), 1);
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
  balances(kind: FleetKind, { name, runs, tickMillis }: Training): Balance[] {
    return Array.from({ length: runs }, (_, run) => {
      const stepMillis = tickMillis.filter((_, tick) => tick % STEPS_A_SECOND === run % STEPS_A_SECOND);
      const runId = `${name}-${run}`;
      switch (kind) {
        case 'spans':
          return balance(stepMillis.length * SPANS_A_STEP, {
            arrived: this.#spans.get(runId)?.size ?? 0,
            twice: this.#spansTwice.get(runId) ?? 0,
            outOfOrder: 0,
          });
        case 'step-seconds':
          return balance(new Set(stepMillis.map(secondOf)).size, this.#stream(kind, runId));
        default:
          return balance(stepMillis.length, this.#stream(kind, runId));
      }
    });
  }

  #stream(kind: FleetKind, runId: string): StreamAccount {
    const key = `${kind} ${runId}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = new StreamAccount();
      this.#streams.set(key, stream);
    }
    return stream;
  }
}
