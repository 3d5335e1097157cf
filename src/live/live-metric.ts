import { ValueStatistics } from '../run/history.ts';
import { Points, toWire } from './points.ts';
import type { LineName, WireMark, WireMetric, WireNumber, WirePoints } from './protocol.ts';
import { RollingQuantiles } from './rolling-quantiles.ts';

/** Of values that are NaN or infinite, the first ones are shown: where a run began to diverge. */
const MAX_MARKS = 100;

/** One metric of a run: its lines, and what is true of all its values. */
export class LiveMetric {
  readonly #lines: ReadonlyMap<LineName, Points>;
  readonly #durations: RollingQuantiles | undefined;
  readonly #marks: WireMark[] = [];
  #marksTaken = 0;
  readonly #statistics = new ValueStatistics();
  #isNew = false;

  /** @param isDuration whether its percentiles are shown and not its values. */
  constructor(isDuration: boolean) {
    const names: readonly LineName[] = isDuration ? ['p50', 'p99'] : ['value'];
    this.#lines = new Map(names.map((name) => [name, new Points()]));
    this.#durations = isDuration ? new RollingQuantiles() : undefined;
  }

  /** @param step NaN where none is known. */
  push(step: number, time: number, value: number): void {
    this.#isNew = true;
    this.#statistics.add(value);
    if (!Number.isFinite(value)) this.#mark(step, time, value);
    if (this.#durations === undefined) this.#lines.get('value')?.push(step, time, value);
    else if (Number.isFinite(value)) this.#pushDuration(this.#durations, step, time, value);
  }

  /** What is new since the last time; `undefined` where nothing is. */
  take(): WireMetric | undefined {
    if (!this.#isNew) return undefined;
    this.#isNew = false;
    const marks = this.#marks.slice(this.#marksTaken);
    this.#marksTaken = this.#marks.length;
    return this.#wire((points) => points.take(), marks);
  }

  /** Of durations it is their p99. */
  get newest(): WireNumber {
    return toWire(this.#durations?.quantile(0.99) ?? this.#statistics.summary().last);
  }

  toWire(): WireMetric {
    return this.#wire((points) => points.toWire(), this.#marks);
  }

  #pushDuration(durations: RollingQuantiles, step: number, time: number, value: number): void {
    durations.add(value);
    this.#lines.get('p50')?.push(step, time, durations.quantile(0.5));
    this.#lines.get('p99')?.push(step, time, durations.quantile(0.99));
  }

  #mark(step: number, time: number, value: number): void {
    if (this.#marks.length >= MAX_MARKS) return;
    this.#marks.push({ step: Number.isNaN(step) ? null : step, time, value: toWire(value) });
  }

  #wire(pointsOf: (points: Points) => WirePoints, marks: readonly WireMark[]): WireMetric {
    const lines: Partial<Record<LineName, WirePoints>> = {};
    for (const [name, points] of this.#lines) lines[name] = pointsOf(points);
    const summary = this.#statistics.summary();
    return { summary: { ...summary, last: toWire(summary.last) }, lines, marks };
  }
}
