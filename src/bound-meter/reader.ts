import type { GaugeInterval, Resolution } from './gauge-points.ts';
import type { AggregationChoice, InstrumentKind } from './stream.ts';

export type Temporality = 'delta' | 'cumulative';

/** What one reader wants. Known before the reader itself exists, since that one loads with the SDK. */
export interface ReaderOptions {
  readonly temporality: Readonly<Record<InstrumentKind, Temporality>>;
  /** The form of histograms that no view decides. */
  readonly histograms: AggregationChoice;
  readonly resolution: Resolution;
}

/**
 * The points of a gauge that a reader gets now, and those that wait: a second that is not over may bring a later value,
 * and would otherwise arrive twice.
 */
export function dueOf(
  interval: GaugeInterval,
  resolution: Resolution,
  openSecond: number,
): { readonly due: readonly number[]; readonly waiting: GaugeInterval | undefined } {
  if (resolution === 'all') return { due: interval.points, waiting: undefined };
  if (resolution === 'last') return { due: interval.points.slice(-2), waiting: undefined };
  const points = lastOfEachSecond(interval.points);
  const lastMillis = points[points.length - 2] ?? 0;
  if (secondOf(lastMillis) < openSecond) return { due: points, waiting: undefined };
  return { due: points.slice(0, -2), waiting: { ...interval, startMillis: lastMillis, points: points.slice(-2) } };
}

/** Times and values by turns, as in the interval. */
function lastOfEachSecond(points: readonly number[]): readonly number[] {
  if (points.length === 2) return points;
  const kept: number[] = [];
  for (let at = 0; at < points.length; at += 2) {
    const millis = points[at] ?? 0;
    const next = points[at + 2];
    if (next === undefined || secondOf(next) !== secondOf(millis)) kept.push(millis, points[at + 1] ?? 0);
  }
  return kept;
}

function secondOf(millis: number): number {
  return Math.floor(millis / 1_000);
}
