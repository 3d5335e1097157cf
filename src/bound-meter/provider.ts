/**
 * A Meter whose instruments can be bound to attributes, after the OpenTelemetry specification's Bind (metrics API, "Bind";
 * metrics SDK, "Bound instruments"; status Development, 2026):
 *
 * - Bind takes a set of attributes to associate with every measurement, and returns an instrument that has the same
 *   recording methods as the unbound one: {@link BoundInstrument}.
 * - "A bound instrument MUST behave identically to calling the equivalent unbound recording operation with the pre-bound
 *   Attributes on each measurement": both end in {@link Series}; a differential test holds it to the official SDK.
 * - "Attribute processing and cardinality limit evaluation MUST be performed at bind time."
 * - A measurement through a bound instrument MUST bypass every lookup, and each call of bind is resolved on its own.
 * - The methods of a bound instrument take no attributes, as the API leaves open.
 * - Exemplars: the official JavaScript SDK has none, so bound measurements are candidates for none either.
 *
 * What it adds: `unbind()`, which ends a series; gauges that keep every recorded value with its own time; a limit of
 * series that makes room by forgetting ended and idle ones, and never merges different ones into one.
 */
import { type DiagLogger, diag, type Meter, type MeterOptions, type MeterProvider } from '@opentelemetry/api';
import { Clock } from './clock.ts';
import { BoundMeter } from './meter.ts';
import type { ReaderOptions } from './reader.ts';
import { type Losses, SeriesRegistry } from './registry.ts';
import type { CollectedStream } from './storage.ts';
import type { MeterScope, ViewResolver } from './stream.ts';

export interface BoundMeterProviderOptions {
  /** Known from the start, since each keeps its own place in every series. */
  readonly readers: readonly ReaderOptions[];
  /** Default: no views. */
  readonly views?: ViewResolver;
  /** How many series may live at a time. Default 200 000. */
  readonly maxSeries?: number;
  /** After how long without a measurement a series is forgotten, until it has one again. Default 1 hour. */
  readonly idleTimeoutMillis?: number;
  /** Default: the API's diag logger. */
  readonly log?: Pick<DiagLogger, 'warn'>;
  /** Makes the observable instruments, which the bound meter leaves to the official SDK. */
  readonly observables?: (scope: MeterScope) => Meter;
}

export interface CollectedScope {
  readonly scope: MeterScope;
  readonly streams: readonly CollectedStream[];
}

const DEFAULT_MAX_SERIES = 200_000;
const DEFAULT_IDLE_TIMEOUT_MILLIS = 3_600_000;

export class BoundMeterProvider implements MeterProvider {
  readonly readers: readonly ReaderOptions[];
  /** What could not be kept as it was recorded, since the start. */
  readonly losses: Losses = { pointsReduced: 0, seriesEvicted: 0, measurementsRefused: 0 };
  readonly #options: BoundMeterProviderOptions;
  readonly #clock = new Clock();
  readonly #registry: SeriesRegistry;
  #hasWarned = false;
  readonly #meters = new Map<string, BoundMeter>();

  constructor(options: BoundMeterProviderOptions) {
    this.readers = options.readers;
    this.#options = options;
    this.#registry = new SeriesRegistry(this.#maxSeries, this.losses, () => this.#warnOfLimit());
  }

  getMeter(name: string, version?: string, options?: MeterOptions): BoundMeter {
    const scope: MeterScope = { name, version, schemaUrl: options?.schemaUrl };
    const key = JSON.stringify([name, version, options?.schemaUrl]);
    let meter = this.#meters.get(key);
    if (meter === undefined) {
      meter = new BoundMeter(scope, {
        clock: this.#clock,
        registry: this.#registry,
        losses: this.losses,
        readers: this.readers,
        views: this.#options.views ?? (() => []),
        observables: this.#options.observables,
      });
      this.#meters.set(key, meter);
    }
    return meter;
  }

  /** How many series live, of all metrics. A histogram has one for each reader that asks for it. */
  get liveSeries(): number {
    return this.#registry.size;
  }

  /** The same by metric. */
  liveSeriesByMetric(): Record<string, number> {
    return this.#registry.sizes();
  }

  /** Whether nothing was recorded since the last collection. */
  get isEmpty(): boolean {
    return [...this.#meters.values()].every((meter) => meter.isEmpty);
  }

  /** Whether a reader would get something that it has not had. */
  hasNews(readerIndex: number): boolean {
    return [...this.#meters.values()].some((meter) => meter.hasNews(readerIndex));
  }

  /**
   * What a reader has not had yet, by scope.
   * @param isFinal whether nothing is to come, so that the points of the current second are due as well.
   */
  collect(readerIndex: number, millis: number, isFinal: boolean): CollectedScope[] {
    const idleTimeoutMillis = this.#options.idleTimeoutMillis ?? DEFAULT_IDLE_TIMEOUT_MILLIS;
    const scopes = [...this.#meters.values()].map((meter) => ({
      scope: meter.scope,
      streams: meter.collect(readerIndex, { millis, isFinal, idleTimeoutMillis }),
    }));
    this.#registry.noteCollected();
    return scopes.filter(({ streams }) => streams.length > 0);
  }

  #warnOfLimit(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const log = this.#options.log ?? diag;
    log.warn(`there are ${this.#maxSeries} live series already; what needs a new one is not recorded`);
  }

  get #maxSeries(): number {
    return this.#options.maxSeries ?? DEFAULT_MAX_SERIES;
  }
}
