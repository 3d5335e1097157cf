import type { Meter } from '@opentelemetry/api';
import { write } from '../otel/bind.ts';
import { log } from '../otel/diagnostics.ts';
import { instrumentsOf } from '../otel/instruments.ts';
import type { SignalMeter } from '../otel/meter.ts';
import { guard } from './guard.ts';

/** Of spans and events of a run that is left out, and of the metric that counts both kinds. */
export const RUN_SAMPLED = 'run_sampled';

const HASHED_BITS = 32;

/**
 * Whether a run is in a sample: where the first 32 bits of its id's SHA-256, as a share of 2^32, are below the ratio. So
 * every process and every restart chooses alike, and a larger sample has all of a smaller one.
 */
export function isInSample(runId: string, ratio: number): boolean {
  if (ratio >= 1) return true;
  const digits = process
    .getBuiltinModule('node:crypto')
    .hash('sha256', runId)
    .slice(0, HASHED_BITS / 4);
  return Number.parseInt(digits, 16) / 2 ** HASHED_BITS < ratio;
}

/**
 * Shows a run among those under way, from its first value until its end, where runs are sampled: whoever sees some of
 * them sees of how many.
 */
export class RunPresence {
  readonly #source: SignalMeter;
  readonly #isSampled: boolean;
  #meter: Meter | undefined;

  constructor(source: SignalMeter, isSampled: boolean) {
    this.#source = source;
    this.#isSampled = isSampled;
  }

  show(): void {
    const meter = this.#source.current();
    if (meter === this.#meter) return;
    this.end();
    // A provider may be registered after the first value: what the no-op meter was told is told again.
    this.#meter = meter;
    underWayOn(meter).add(this.#isSampled, 1);
  }

  end(): void {
    if (this.#meter === undefined) return;
    underWayOn(this.#meter).add(this.#isSampled, -1);
    this.#meter = undefined;
  }
}

/** Where only what changes is sent, a number that stays has to be said again. */
const REPEAT_MILLIS = 10_000;

/** How many runs are under way on a meter, as the metric that shows it. */
class RunsUnderWay {
  readonly #meter: Meter;
  readonly #counts = new Map<boolean, number>();
  #repeating: NodeJS.Timeout | undefined;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  add(isSampled: boolean, runs: 1 | -1): void {
    this.#counts.set(isSampled, (this.#counts.get(isSampled) ?? 0) + runs);
    this.#record();
    if (![...this.#counts.values()].some((count) => count > 0)) {
      clearInterval(this.#repeating);
      this.#repeating = undefined;
    } else this.#repeating ??= setInterval(() => guard('runs', () => this.#record()), REPEAT_MILLIS).unref();
  }

  #record(): void {
    const instrument = instrumentsOf(this.#meter).get('signal.otel.runs', 'gauge');
    if (instrument === undefined) return;
    for (const [isSampled, count] of this.#counts) write(instrument, count, { [RUN_SAMPLED]: isSampled });
  }
}

const underWay = new WeakMap<Meter, RunsUnderWay>();

function underWayOn(meter: Meter): RunsUnderWay {
  let runs = underWay.get(meter);
  if (runs === undefined) {
    runs = new RunsUnderWay(meter);
    underWay.set(meter, runs);
  }
  return runs;
}

let isTold = false;

/** Says once in a process why there are no metrics of a run. */
export function tellLeftOut(runId: string, ratio: number): void {
  if (isTold) return;
  isTold = true;
  const others = 'so are others. Their alarms, events and spans are sent, and signal.otel.runs counts them';
  log.info(`${runId}: its metrics are left out, as the share ${ratio} of runs to sample has it; ${others}`);
}
