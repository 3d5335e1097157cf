import type { Attributes } from '@opentelemetry/api';
import type { Accumulation } from './aggregation.ts';
import type { Interval } from './stream.ts';

/** What one reader has of a series. */
export class ReaderSeries {
  /** Taken from the series, not yet handed over. */
  pending: Interval | undefined;
  /** Everything since the series began, for a cumulative reader. */
  cumulative: Interval | undefined;
  /** The reader's collection that last showed the series; it begins the next one's interval. */
  shownIn = 0;
  /** Whether the reader has had the last of an ended series. */
  isDone = false;
}

/** Something that records into a series without looking it up. */
export interface SeriesHandle {
  /** The series is forgotten: a further measurement has to find its successor. */
  detach(): void;
}

/** The measurements of one stream with one set of attributes. */
export class Series {
  readonly attributes: Attributes;
  /** The attributes, whatever their order. */
  readonly key: string;
  readonly accumulation: Accumulation<Interval>;
  readonly readers: readonly ReaderSeries[];
  /** Set once nobody is bound to it any more; a later measurement takes it back. */
  isEnded = false;
  /** Bound instruments that record into it; told when it is forgotten, so that recording need not ask. */
  readonly handles = [] as SeriesHandle[];
  /** Since when collections found nothing new in it, epoch milliseconds; 0 while they do. */
  idleSinceMillis = 0;

  constructor(attributes: Attributes, key: string, accumulation: Accumulation<Interval>, readers: number) {
    this.attributes = attributes;
    this.key = key;
    this.accumulation = accumulation;
    this.readers = Array.from({ length: readers }, () => new ReaderSeries());
  }
}

/** A copy that nobody can change, or the attributes themselves where they cannot be changed already. */
export function frozenCopy(attributes: Attributes): Attributes {
  return Object.isFrozen(attributes) ? attributes : Object.freeze({ ...attributes });
}

/** A key that is the same for the same attributes in any order. */
export function keyOf(attributes: Attributes): string {
  const names = Object.keys(attributes);
  if (names.length === 0) return '';
  return JSON.stringify(names.sort().map((name) => [name, attributes[name]]));
}
