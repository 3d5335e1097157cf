import type { WireNumber, WirePoints } from './protocol.ts';

// Of the server and the page: no Node here, no DOM.

/** Points of a line at most, apart from its newest value. Past it every second one goes. */
export const MAX_POINTS = 2_048;
const INITIAL_POINTS = 16;

/** Of a value: more than a chart can show. */
const DIGITS = 7;

/**
 * The points of one line at bounded size: each stands for as many values as the others, the first value is kept, and the
 * newest one is always there.
 */
export class Points {
  /** How many recorded values one point stands for. */
  #stride = 1;
  /** How many were recorded since the last point that is kept, itself included. */
  #sinceKept = 0;
  #hasTail = false;
  /** The tail, where there is one, is beyond it. */
  #kept = 0;
  /** Points that are kept and have been taken. */
  #taken = 0;
  #steps = new Float64Array(INITIAL_POINTS);
  #times = new Float64Array(INITIAL_POINTS);
  #values = new Float64Array(INITIAL_POINTS);

  get length(): number {
    return this.#kept + (this.#hasTail ? 1 : 0);
  }

  get stride(): number {
    return this.#stride;
  }

  /** NaN where none was known. */
  stepAt(index: number): number {
    return this.#steps[index] ?? Number.NaN;
  }

  timeAt(index: number): number {
    return this.#times[index] ?? Number.NaN;
  }

  valueAt(index: number): number {
    return this.#values[index] ?? Number.NaN;
  }

  /** @param step NaN where none is known. */
  push(step: number, time: number, value: number): void {
    const isKept = this.#kept === 0 || this.#sinceKept >= this.#stride;
    if (isKept && this.#kept >= MAX_POINTS) {
      this.#halve();
      this.push(step, time, value);
      return;
    }
    this.#set(this.#kept, step, time, value);
    this.#hasTail = !isKept;
    if (isKept) {
      this.#kept += 1;
      this.#sinceKept = 0;
    }
    this.#sinceKept += 1;
  }

  /** What is new since the last time, the newest value included. */
  take(): WirePoints {
    const points = this.#wire(this.#taken);
    this.#taken = this.#kept;
    return points;
  }

  /** All of it. */
  toWire(): WirePoints {
    return this.#wire(0);
  }

  /** Adds what the other side has taken. */
  apply({ stride, steps, times, values, hasTail }: WirePoints): void {
    this.#hasTail = false;
    while (this.#stride < stride) this.#halve();
    let step = 0;
    let time = 0;
    for (let index = 0; index < values.length; index++) {
      const stepDifference = steps[index] ?? null;
      if (stepDifference !== null) step += stepDifference;
      time += times[index] ?? 0;
      this.#set(this.#kept, stepDifference === null ? Number.NaN : step, time, fromWire(values[index] ?? 'NaN'));
      this.#kept += 1;
    }
    if (!hasTail || this.#kept === 0) return;
    this.#kept -= 1;
    this.#hasTail = true;
  }

  /** Every second one from the first on. */
  #halve(): void {
    const kept = Math.ceil(this.#kept / 2);
    for (const column of [this.#steps, this.#times, this.#values]) {
      for (let index = 0; index < kept; index++) column[index] = column[index * 2] ?? Number.NaN;
    }
    // What goes may be the last one that was kept: the values since the one before it count on.
    if (this.#kept % 2 === 0) this.#sinceKept += this.#stride;
    this.#kept = kept;
    this.#taken = Math.ceil(this.#taken / 2);
    this.#stride *= 2;
  }

  #set(index: number, step: number, time: number, value: number): void {
    if (index === this.#values.length) {
      const length = Math.min(index * 2, MAX_POINTS + 1);
      this.#steps = grown(this.#steps, length);
      this.#times = grown(this.#times, length);
      this.#values = grown(this.#values, length);
    }
    this.#steps[index] = step;
    this.#times[index] = time;
    this.#values[index] = value;
  }

  #wire(from: number): WirePoints {
    const steps: (number | null)[] = [];
    const times: number[] = [];
    const values: WireNumber[] = [];
    let lastStep = 0;
    let lastTime = 0;
    for (let index = from; index < this.length; index++) {
      const step = this.stepAt(index);
      steps.push(Number.isNaN(step) ? null : step - lastStep);
      if (!Number.isNaN(step)) lastStep = step;
      times.push(this.timeAt(index) - lastTime);
      lastTime = this.timeAt(index);
      values.push(toWire(this.valueAt(index)));
    }
    return { stride: this.#stride, steps, times, values, hasTail: this.#hasTail };
  }
}

function grown(column: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length);
  larger.set(column);
  return larger;
}

export function toWire(value: number): WireNumber {
  if (Number.isFinite(value)) return Number(value.toPrecision(DIGITS));
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

export function fromWire(value: WireNumber): number {
  return Number(value);
}
