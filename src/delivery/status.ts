import type { DiagLogger } from '@opentelemetry/api';
import { DELIVERIES, type DeliveryKind } from './request.ts';

/**
 * Why points did not arrive:
 * - `queue_full`: they gave way to later ones, past the bound of what may wait;
 * - `refused`: the receiver will never take them (400, 401, 403, 404, one point too large, ...);
 * - `rejected`: the receiver took the request but for them (OTLP's partial success);
 * - `too_old`: Datadog takes none of this age, which is an hour for points, 10 minutes for service checks;
 * - `not_sent`: the process ended first;
 * - `not_serialized`: no request could be made of them;
 * - `unreadable`: the spool file that they waited in was damaged meanwhile.
 */
export type DropReason =
  | 'queue_full'
  | 'refused'
  | 'rejected'
  | 'too_old'
  | 'not_sent'
  | 'not_serialized'
  | 'unreadable';

/** The delivery of one kind since the start. Points are data points, spans, log records, events or service checks. */
export interface SignalStatus {
  /** Points that a receiver has taken. */
  readonly exportedPoints: number;
  /** Points that are lost, by the reason. */
  readonly droppedPoints: Readonly<Partial<Record<DropReason, number>>>;
  /** When a receiver last took something, in epoch milliseconds; `undefined` before the first time. */
  readonly lastSuccessMillis: number | undefined;
  /** Why delivery fails at present; `undefined` while it works, or nothing has been sent. */
  readonly failure: string | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Between two messages of a kind at least: where delivery comes and goes, they would bury the training's own output. */
const QUIET_MILLIS = 60_000;

const nouns: Readonly<Record<DeliveryKind, string>> = {
  metrics: 'data points',
  traces: 'spans',
  logs: 'log records',
  events: 'events',
  checks: 'service checks',
};

/** Points that are lost, which nobody has been told yet. */
interface Loss {
  readonly signal: DeliveryKind;
  readonly points: number;
  readonly why: string;
}

/**
 * Counts what arrives and what does not, and says it: once when delivery begins to fail, for whichever signal, once when
 * it works again, at most once a minute for each reason to drop something, and what is left of it at the end.
 */
export class DeliveryStatus {
  readonly #log: Pick<DiagLogger, 'warn' | 'info'>;
  readonly #signals: Readonly<Record<DeliveryKind, Mutable<SignalStatus>>>;
  readonly #saidMillis = new Map<string, number>();
  /** By signal and reason. */
  readonly #unsaid = new Map<string, Loss>();
  #hasWarned = false;
  #droppedInOutage = 0;

  constructor(log: Pick<DiagLogger, 'warn' | 'info'>) {
    this.#log = log;
    const initial = () => ({ exportedPoints: 0, droppedPoints: {}, lastSuccessMillis: undefined, failure: undefined });
    this.#signals = {
      metrics: initial(),
      traces: initial(),
      logs: initial(),
      events: initial(),
      checks: initial(),
    };
  }

  /** As it is now; later changes do not show in it. */
  all(): Readonly<Record<DeliveryKind, SignalStatus>> {
    return structuredClone(this.#signals);
  }

  /** @param destination where the signal goes, without secrets. */
  delivered(signal: DeliveryKind, destination: string, points: number): void {
    const status = this.#signals[signal];
    status.exportedPoints += points;
    status.lastSuccessMillis = Date.now();
    this.#recover(signal, destination);
  }

  /** @param advice what to look at. */
  failed(signal: DeliveryKind, destination: string, reason: string, advice: string): void {
    this.#signals[signal].failure = reason;
    if (this.#hasWarned || !this.#isTimeToSay('failing')) return;
    this.#hasWarned = true;
    // What the line about its end counts is of the outage alone.
    this.sayLosses();
    this.#droppedInOutage = 0;
    this.#log.warn(`cannot deliver ${signal} to ${destination}: ${reason}. Training goes on. ${advice}`);
  }

  /** @param why for a warning; without it the next line about delivery tells, or the last one. */
  dropped(signal: DeliveryKind, reason: DropReason, points: number, why?: string): void {
    if (points === 0) return;
    const { droppedPoints, failure = 'the receiver refuses them' } = this.#signals[signal];
    const counts: Partial<Record<DropReason, number>> = droppedPoints;
    counts[reason] = (counts[reason] ?? 0) + points;
    this.#droppedInOutage += points;
    const kind = `${signal} ${reason}`;
    const unsaid = (this.#unsaid.get(kind)?.points ?? 0) + points;
    this.#unsaid.set(kind, { signal, points: unsaid, why: why ?? failure });
    if (why !== undefined && this.#isTimeToSay(kind)) this.#sayLoss(kind);
  }

  /** Says what no line has said yet, as at the end, after which there is none. */
  sayLosses(): void {
    for (const kind of [...this.#unsaid.keys()]) this.#sayLoss(kind);
  }

  /** Points that were left when the process ended. */
  notSent(signal: DeliveryKind, points: number): void {
    this.dropped(signal, 'not_sent', points, 'the process ended before they could be delivered');
  }

  doubt(signal: DeliveryKind, destination: string, reason: string): void {
    if (this.#isTimeToSay(`doubt ${signal}`))
      this.#log.warn(`${destination}: ${reason}. Do the ${nouns[signal]} arrive?`);
  }

  #recover(signal: DeliveryKind, destination: string): void {
    this.#signals[signal].failure = undefined;
    if (!this.#hasWarned || DELIVERIES.some((other) => this.#signals[other].failure !== undefined)) return;
    this.#hasWarned = false;
    this.#unsaid.clear();
    const loss = this.#droppedInOutage === 0 ? 'nothing was lost' : `${this.#droppedInOutage} points were lost`;
    this.#log.info(`delivery works again: ${destination}; ${loss}`);
  }

  #sayLoss(kind: string): void {
    const loss = this.#unsaid.get(kind);
    if (loss === undefined) return;
    this.#unsaid.delete(kind);
    this.#log.warn(`${loss.points} ${nouns[loss.signal]} are lost: ${loss.why}`);
  }

  #isTimeToSay(kind: string): boolean {
    const now = performance.now();
    if (now - (this.#saidMillis.get(kind) ?? Number.NEGATIVE_INFINITY) < QUIET_MILLIS) return false;
    this.#saidMillis.set(kind, now);
    return true;
  }
}
