import type { Accumulation, Aggregation, IntervalStart } from './aggregation.ts';
import type { Clock } from './clock.ts';

/** Which recorded values of a gauge become points: every one, the last of each second, or the last of an interval. */
export type Resolution = 'all' | '1s' | 'last';

export interface GaugeInterval extends IntervalStart {
  readonly kind: 'gauge';
  /** Time (epoch milliseconds) and value by turns, oldest first; at least one point. */
  readonly points: readonly number[];
}

/** Points that one interval of a series holds at most; past it the resolution is halved. */
const MAX_POINTS = 1_024;
const INITIAL_POINTS = 2;

/** Keeps recorded values, each with its own time. */
export class GaugeAggregation implements Aggregation<GaugeInterval> {
  readonly #clock: Clock;
  readonly #resolution: Resolution;
  readonly #onReduced: (points: number) => void;

  /** @param onReduced is told how many points gave way because a buffer was full. */
  constructor(clock: Clock, resolution: Resolution, onReduced: (points: number) => void) {
    this.#clock = clock;
    this.#resolution = resolution;
    this.#onReduced = onReduced;
  }

  create(): GaugeAccumulation {
    return new GaugeAccumulation(this.#clock, this.#resolution, this.#onReduced);
  }

  merge(earlier: GaugeInterval, later: GaugeInterval): GaugeInterval {
    const startMillis = earlier.startMillis;
    if (this.#resolution === 'last') return { kind: 'gauge', startMillis, points: later.points };
    let points = [...earlier.points, ...later.points];
    while (points.length / 2 > MAX_POINTS) {
      const halved = halve(points);
      this.#onReduced((points.length - halved.length) / 2);
      points = halved;
    }
    return { kind: 'gauge', startMillis, points };
  }
}

/** The second point of each pair, and the last in any case. */
function halve(points: readonly number[]): number[] {
  const isKept = points.length % 4 === 0 ? 1 : 0;
  return points.filter((_, at) => (at >> 1) % 2 === isKept);
}

class GaugeAccumulation implements Accumulation<GaugeInterval> {
  readonly #clock: Clock;
  readonly #resolution: Resolution;
  readonly #onReduced: (points: number) => void;
  #points = new Float64Array(INITIAL_POINTS * 2);
  #length = 0;
  #startMillis = 0;
  #lastTick = 0;
  /** The second in which a further value replaces the last point; -1 where none does. */
  #openSecond = -1;
  /** Where the last point lies in `#points`. */
  #at = -2;
  /** How many values share a point, more than one once the buffer was full, and how many the last point has. */
  #stride = 1;
  #sharing = 1;

  constructor(clock: Clock, resolution: Resolution, onReduced: (points: number) => void) {
    this.#clock = clock;
    this.#resolution = resolution;
    this.#onReduced = onReduced;
  }

  record(value: number): void {
    const clock = this.#clock;
    let tick = clock.tick;
    if (tick === 0 || tick === this.#lastTick) tick = clock.read();
    this.#lastTick = tick;
    if (clock.second !== this.#openSecond) this.#begin(clock);
    const points = this.#points;
    const at = this.#at;
    points[at] = clock.millis;
    points[at + 1] = value;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  take(): GaugeInterval | undefined {
    if (this.#length === 0) return undefined;
    const points = this.#taken();
    this.#length = 0;
    this.#openSecond = -1;
    this.#at = -2;
    this.#stride = 1;
    this.#sharing = 1;
    return { kind: 'gauge', startMillis: this.#startMillis, points };
  }

  /** A plain array: the few points of an interval are not worth the making of a typed one. */
  #taken(): number[] {
    if (this.#length === 1) return [this.#points[0] ?? 0, this.#points[1] ?? 0];
    const points: number[] = [];
    for (let at = 0; at < this.#length * 2; at++) points.push(this.#points[at] ?? 0);
    return points;
  }

  /** Begins a new point, or lets the last one be replaced. */
  #begin(clock: Clock): void {
    if (this.#resolution === '1s') this.#openSecond = clock.second;
    if (this.#length === 0) this.#startMillis = clock.millis;
    else if (this.#resolution === 'last' || this.#shares()) return;
    else if (this.#length * 2 === this.#points.length) this.#makeRoom();
    this.#length += 1;
    this.#at = this.#length * 2 - 2;
  }

  #shares(): boolean {
    if (this.#sharing >= this.#stride) {
      this.#sharing = 1;
      return false;
    }
    this.#sharing += 1;
    this.#onReduced(1);
    return true;
  }

  #makeRoom(): void {
    if (this.#length < MAX_POINTS) {
      const larger = new Float64Array(this.#points.length * 2);
      larger.set(this.#points);
      this.#points = larger;
      return;
    }
    const kept = halve(this.#taken());
    this.#points.set(kept);
    this.#onReduced(this.#length - kept.length / 2);
    this.#length = kept.length / 2;
    this.#stride *= 2;
  }
}
