import type { Attributes, Context } from '@opentelemetry/api';
import type { Aggregation } from './aggregation.ts';
import { dueOf, type ReaderOptions, type Temporality } from './reader.ts';
import type { SeriesOwner, SeriesRegistry } from './registry.ts';
import { frozenCopy, keyOf, type ReaderSeries, Series } from './series.ts';
import type { InstrumentDescriptor, Interval, StreamConfig } from './stream.ts';

/** A reader, and how it joins intervals of this stream. */
export interface StorageReader {
  /** The reader's place among all readers of the meter. */
  readonly index: number;
  readonly options: ReaderOptions;
  readonly aggregation: Aggregation<Interval>;
}

/** One series as a reader gets it. */
export interface CollectedSeries {
  readonly attributes: Attributes;
  readonly startMillis: number;
  readonly interval: Interval;
}

export interface CollectedStream {
  readonly storage: Storage;
  readonly temporality: Temporality;
  readonly series: readonly CollectedSeries[];
}

export interface CollectionMoment {
  readonly millis: number;
  /** Whether points of the current second are handed over too: nothing is to come. */
  readonly isFinal: boolean;
  /** A series that recorded nothing for so long is forgotten, until it records again. */
  readonly idleTimeoutMillis: number;
}

/** One stream: its series, and what each of its readers has had of them. */
export class Storage implements SeriesOwner {
  readonly descriptor: InstrumentDescriptor;
  readonly config: StreamConfig;
  readonly #registry: SeriesRegistry;
  readonly #aggregation: Aggregation<Interval>;
  readonly #readers: readonly StorageReader[];
  readonly #series = new Map<string, Series>();
  /** Of each reader: how often it collected, and when last. */
  readonly #collections: { count: number; millis: number }[];

  constructor(
    descriptor: InstrumentDescriptor,
    config: StreamConfig,
    registry: SeriesRegistry,
    aggregation: Aggregation<Interval>,
    readers: readonly StorageReader[],
  ) {
    this.descriptor = descriptor;
    this.config = config;
    this.#registry = registry;
    this.#aggregation = aggregation;
    this.#readers = readers;
    this.#collections = readers.map(() => ({ count: 0, millis: 0 }));
    registry.addOwner(this);
  }

  get name(): string {
    return this.config.name;
  }

  get size(): number {
    return this.#series.size;
  }

  /** The series of these attributes; `undefined` where there is no room for a new one. */
  resolve(attributes: Attributes, context: Context | undefined): Series | undefined {
    const processed = this.config.processAttributes(attributes, context);
    const key = keyOf(processed);
    const known = this.#series.get(key);
    if (known === undefined) return this.#create(processed, key);
    if (known.isEnded) {
      known.isEnded = false;
      for (const reader of known.readers) reader.isDone = false;
      this.#registry.noteRevived(known);
    }
    return known;
  }

  /** Counts a measurement that found no room for its series. */
  refuse(): void {
    this.#registry.noteRefused();
  }

  /** Nothing more is to come: the readers get what is left, then the series is forgotten. */
  end(series: Series): void {
    if (series.isEnded) return;
    series.isEnded = true;
    this.#registry.noteEnded(series, this);
  }

  forget(series: Series): void {
    this.#series.delete(series.key);
    for (const handle of series.handles) handle.detach();
    this.#registry.noteForgotten(series);
  }

  idleSeries(): Series[] {
    if (!this.#mayRestart) return [];
    return [...this.#series.values()].filter(
      ({ accumulation, readers }) => accumulation.isEmpty && readers.every(({ pending }) => pending === undefined),
    );
  }

  /** Whether there is something that no collection has taken. */
  get isEmpty(): boolean {
    return [...this.#series.values()].every(({ accumulation }) => accumulation.isEmpty);
  }

  /** Whether a reader would get something that it has not had. */
  hasNews(readerIndex: number): boolean {
    const position = this.#readers.findIndex(({ index }) => index === readerIndex);
    if (position < 0) return false;
    return [...this.#series.values()].some(
      ({ accumulation, readers }) => !accumulation.isEmpty || readers[position]?.pending !== undefined,
    );
  }

  /** What a reader has not had yet; `undefined` where the reader does not read this stream, or there is nothing. */
  collect(readerIndex: number, moment: CollectionMoment): CollectedStream | undefined {
    const position = this.#readers.findIndex(({ index }) => index === readerIndex);
    const reader = this.#readers[position];
    const collections = this.#collections[position];
    if (reader === undefined || collections === undefined) return undefined;
    const previous = { ...collections };
    collections.count += 1;
    collections.millis = moment.millis;

    const temporality = reader.options.temporality[this.descriptor.kind];
    const collected: CollectedSeries[] = [];
    for (const series of this.#series.values()) {
      this.#take(series, moment.millis);
      const own = series.readers[position];
      if (own === undefined) continue;
      const isFinal = moment.isFinal || series.isEnded;
      const shown =
        temporality === 'delta'
          ? showDelta(own, reader, moment, isFinal)
          : showCumulative(own, reader, moment, isFinal);
      if (shown !== undefined) {
        const continues = temporality === 'delta' && own.shownIn === previous.count && previous.count > 0;
        const startMillis = continues ? previous.millis : shown.startMillis;
        collected.push({ attributes: series.attributes, startMillis, interval: shown });
        own.shownIn = collections.count;
      }
      this.#retire(series, own, moment);
    }
    return collected.length === 0 ? undefined : { storage: this, temporality, series: collected };
  }

  /** What goes up and down is a level, and would be a wrong one if it began at 0 again. */
  get #mayRestart(): boolean {
    return this.descriptor.kind !== 'upDownCounter';
  }

  #create(attributes: Attributes, key: string): Series | undefined {
    if (!this.#registry.admit()) return undefined;
    const series = new Series(frozenCopy(attributes), key, this.#aggregation.create(), this.#readers.length);
    this.#series.set(key, series);
    return series;
  }

  /** Moves what a series gathered into what each reader is still to get. */
  #take(series: Series, nowMillis: number): void {
    const interval = series.accumulation.take();
    if (interval === undefined) {
      if (series.idleSinceMillis === 0) series.idleSinceMillis = nowMillis;
      return;
    }
    series.idleSinceMillis = 0;
    for (let position = 0; position < this.#readers.length; position++) {
      const reader = this.#readers[position];
      const own = series.readers[position];
      if (reader === undefined || own === undefined) continue;
      own.pending = own.pending ? reader.aggregation.merge(own.pending, interval) : interval;
      own.isDone = false;
    }
  }

  #retire(series: Series, own: ReaderSeries, { millis, idleTimeoutMillis }: CollectionMoment): void {
    const isIdle =
      this.#mayRestart && series.idleSinceMillis > 0 && millis - series.idleSinceMillis >= idleTimeoutMillis;
    if (!series.isEnded && !isIdle) return;
    own.isDone = own.pending === undefined;
    if (series.readers.every(({ isDone }) => isDone)) this.forget(series);
  }
}

function showDelta(
  own: ReaderSeries,
  reader: StorageReader,
  moment: CollectionMoment,
  isFinal: boolean,
): Interval | undefined {
  const interval = own.pending;
  own.pending = undefined;
  if (interval?.kind !== 'gauge') return interval;
  if (isFinal && interval.points.length === 2) return interval;
  const { due, waiting } = dueOf(interval, reader.options.resolution, openSecond(moment, isFinal));
  own.pending = waiting;
  return due.length === 0 ? undefined : { kind: 'gauge', startMillis: interval.startMillis, points: due };
}

function showCumulative(
  own: ReaderSeries,
  reader: StorageReader,
  moment: CollectionMoment,
  isFinal: boolean,
): Interval | undefined {
  const fresh = showDelta(own, reader, moment, isFinal);
  const before = own.cumulative;
  if (fresh?.kind === 'gauge') {
    const startMillis = before?.startMillis ?? fresh.startMillis;
    own.cumulative = { kind: 'gauge', startMillis, points: fresh.points.slice(-2) };
    return { ...fresh, startMillis };
  }
  if (fresh !== undefined) own.cumulative = before ? reader.aggregation.merge(before, fresh) : fresh;
  else if (before?.kind === 'gauge') {
    // A value that waits for its second to end is older than this collection, and comes after it.
    return own.pending === undefined ? repeatAt(before, moment.millis) : undefined;
  }
  return own.cumulative;
}

/** A cumulative reader sees the last value again where there is no newer one. */
function repeatAt(gauge: Interval & { kind: 'gauge' }, millis: number): Interval {
  return { ...gauge, points: [millis, gauge.points[1] ?? 0] };
}

function openSecond({ millis }: CollectionMoment, isFinal: boolean): number {
  return isFinal ? Infinity : Math.floor(millis / 1_000);
}
