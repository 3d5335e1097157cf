import type { Points } from '../points.ts';
import type { AxisName } from './view.ts';

// Points as columns for a chart. No DOM here: tests run it as it is.

export interface Line {
  readonly xs: readonly number[];
  /** `null` where a value is NaN or infinite: the line has a gap there. */
  readonly ys: readonly (number | null)[];
}

export type Columns = [xs: number[], ...ys: (number | null | undefined)[][]];

/** More places along the axis than a chart has pixels. */
const MAX_PLACES = 4_000;

/** The points of one line along an axis. Of a step that was made again, after a checkpoint, the last value holds. */
export function lineOf(points: Points, axis: AxisName, smoothing: number): Line {
  let xs: number[] = [];
  let ys: (number | null)[] = [];
  let isInOrder = true;
  let last = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < points.length; index++) {
    const x = axis === 'step' ? points.stepAt(index) : points.timeAt(index) / 1_000;
    if (Number.isNaN(x)) continue;
    const value = points.valueAt(index);
    if (x < last) isInOrder = false;
    if (x === last) xs.pop();
    if (x === last) ys.pop();
    xs.push(x);
    ys.push(Number.isFinite(value) ? value : null);
    last = x;
  }
  if (!isInOrder) ({ xs, ys } = inOrder(xs, ys));
  return { xs, ys: smoothing > 0 ? smoothed(ys, smoothing) : ys };
}

function inOrder(xs: readonly number[], ys: readonly (number | null)[]): { xs: number[]; ys: (number | null)[] } {
  const byPlace = new Map(xs.map((x, index) => [x, ys[index] ?? null]));
  const sorted = [...byPlace].sort(([a], [b]) => a - b);
  return { xs: sorted.map(([x]) => x), ys: sorted.map(([, y]) => y) };
}

/** An exponential moving average that does not begin at 0. */
export function smoothed(ys: readonly (number | null)[], weight: number): (number | null)[] {
  let mean = 0;
  let share = 1;
  return ys.map((y) => {
    if (y === null) return null;
    mean = mean * weight + y * (1 - weight);
    share *= weight;
    return mean / (1 - share);
  });
}

/** Lines side by side, with all places of the axis that any of them has; `undefined` where a line has none. */
export function columnsOf(lines: readonly Line[]): Columns {
  const places = placesOf(lines);
  const isSame = (line: Line) => places.unit === 0 && line.xs.length === places.xs.length;
  return [places.xs, ...lines.map((line) => (isSame(line) ? [...line.ys] : spread(line, places)))];
}

interface Places {
  readonly xs: number[];
  /** What lies closer together than this is one place; 0 where there is room for each. */
  readonly unit: number;
}

function placesOf(lines: readonly Line[]): Places {
  const all = lines.reduce<readonly number[]>((places, { xs }) => united(places, xs), []);
  if (all.length <= MAX_PLACES) return { xs: [...all], unit: 0 };
  const unit = ((all.at(-1) ?? 0) - (all[0] ?? 0)) / MAX_PLACES;
  return { xs: distinctOf(all.map((x) => snapped(x, unit))), unit };
}

/** What either has, in order, as both are. Runs that record the same steps have the same, which costs a comparison. */
function united(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === b.length && a.every((x, index) => x === b[index])) return a;
  const places: number[] = [];
  let [ofA, ofB] = [0, 0];
  while (ofA < a.length || ofB < b.length) {
    const [x, y] = [a[ofA] ?? Number.POSITIVE_INFINITY, b[ofB] ?? Number.POSITIVE_INFINITY];
    places.push(Math.min(x, y));
    if (x <= y) ofA += 1;
    if (y <= x) ofB += 1;
  }
  return places;
}

function distinctOf(sorted: readonly number[]): number[] {
  return sorted.filter((x, index) => x !== sorted[index - 1]);
}

function snapped(x: number, unit: number): number {
  return Math.round(x / unit) * unit;
}

function spread({ xs, ys }: Line, { xs: places, unit }: Places): (number | null | undefined)[] {
  const column: (number | null | undefined)[] = new Array(places.length).fill(undefined);
  let place = 0;
  for (let index = 0; index < xs.length; index++) {
    const own = xs[index] ?? 0;
    const x = unit === 0 ? own : snapped(own, unit);
    while (place < places.length - 1 && (places[place] ?? 0) < x) place += 1;
    column[place] = ys[index];
  }
  return column;
}
