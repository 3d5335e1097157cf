import {
  type BatchObservableCallback,
  createNoopMeter,
  diag,
  type Meter,
  type MetricOptions,
  type Observable,
  type ObservableCounter,
  type ObservableGauge,
  type ObservableUpDownCounter,
  ValueType,
} from '@opentelemetry/api';
import type { Clock } from './clock.ts';
import type { Resolution } from './gauge-points.ts';
import { BoundMeterInstrument } from './instruments.ts';
import type { ReaderOptions } from './reader.ts';
import type { Losses, SeriesRegistry } from './registry.ts';
import { type CollectedStream, type CollectionMoment, Storage, type StorageReader } from './storage.ts';
import {
  type AggregationChoice,
  createAggregation,
  type InstrumentDescriptor,
  type InstrumentKind,
  type MeterScope,
  type StreamConfig,
  type ViewResolver,
} from './stream.ts';

/** What the meters of one provider share. */
export interface MeterContext {
  readonly clock: Clock;
  readonly registry: SeriesRegistry;
  readonly losses: Losses;
  readonly readers: readonly ReaderOptions[];
  readonly views: ViewResolver;
  readonly observables: ((scope: MeterScope) => Meter) | undefined;
}

/** The meter of one scope. */
export class BoundMeter implements Meter {
  readonly scope: MeterScope;
  readonly #context: MeterContext;
  readonly #storages: Storage[] = [];
  readonly #instruments: BoundMeterInstrument[] = [];
  #observables: Meter | undefined;

  constructor(scope: MeterScope, context: MeterContext) {
    this.scope = scope;
    this.#context = context;
  }

  createGauge(name: string, options?: MetricOptions): BoundMeterInstrument {
    return this.#create('gauge', name, options);
  }
  createCounter(name: string, options?: MetricOptions): BoundMeterInstrument {
    return this.#create('counter', name, options);
  }
  createUpDownCounter(name: string, options?: MetricOptions): BoundMeterInstrument {
    return this.#create('upDownCounter', name, options);
  }
  createHistogram(name: string, options?: MetricOptions): BoundMeterInstrument {
    return this.#create('histogram', name, options);
  }

  createObservableGauge(name: string, options?: MetricOptions): ObservableGauge {
    return this.#official().createObservableGauge(name, options);
  }
  createObservableCounter(name: string, options?: MetricOptions): ObservableCounter {
    return this.#official().createObservableCounter(name, options);
  }
  createObservableUpDownCounter(name: string, options?: MetricOptions): ObservableUpDownCounter {
    return this.#official().createObservableUpDownCounter(name, options);
  }
  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#official().addBatchObservableCallback(callback, observables);
  }
  removeBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#official().removeBatchObservableCallback(callback, observables);
  }

  get isEmpty(): boolean {
    return this.#storages.every((storage) => storage.isEmpty);
  }

  hasNews(readerIndex: number): boolean {
    return this.#storages.some((storage) => storage.hasNews(readerIndex));
  }

  collect(readerIndex: number, moment: CollectionMoment): CollectedStream[] {
    return this.#storages.flatMap((storage) => storage.collect(readerIndex, moment) ?? []);
  }

  #official(): Meter {
    this.#observables ??= this.#context.observables?.(this.scope) ?? createNoopMeter();
    return this.#observables;
  }

  #create(kind: InstrumentKind, name: string, options: MetricOptions = {}): BoundMeterInstrument {
    const descriptor: InstrumentDescriptor = {
      name,
      kind,
      description: options.description ?? '',
      unit: options.unit ?? '',
      valueType: options.valueType ?? ValueType.DOUBLE,
      advice: options.advice ?? {},
    };
    const same = this.#instruments.find((instrument) => isSame(instrument.descriptor, descriptor));
    if (same !== undefined) return same;
    if (this.#instruments.some((instrument) => isSameName(instrument.descriptor, descriptor))) {
      diag.warn(`${name} was created before with another kind, unit or value type: both are exported`);
    }
    const instrument = new BoundMeterInstrument(descriptor, this.#createStorages(descriptor));
    this.#instruments.push(instrument);
    return instrument;
  }

  #createStorages(descriptor: InstrumentDescriptor): Storage[] {
    const views = withoutDoubles(this.#context.views(descriptor, this.scope));
    const storages =
      views.length > 0
        ? views.map((config) =>
            this.#createStorage(descriptor, config, config.aggregation, allOf(this.#context.readers)),
          )
        : storagePlan(descriptor, allOf(this.#context.readers)).map(({ choice, readers }) =>
            this.#createStorage(descriptor, unchanged(descriptor), choice, readers),
          );
    const created = storages.filter((storage) => storage !== undefined);
    this.#storages.push(...created);
    return created;
  }

  #createStorage(
    descriptor: InstrumentDescriptor,
    config: StreamConfig,
    choice: AggregationChoice,
    readers: readonly IndexedReader[],
  ): Storage | undefined {
    const { clock, registry, losses } = this.#context;
    const withResolution = (resolution: Resolution) =>
      createAggregation(choice, descriptor, {
        clock,
        resolution,
        onReduced: (points) => {
          losses.pointsReduced += points;
        },
      });
    const aggregation = withResolution(finest(readers.map(({ options }) => options.resolution)));
    if (aggregation === undefined || readers.length === 0) return undefined;
    const storageReaders = readers.map(
      ({ index, options }): StorageReader => ({
        index,
        options,
        aggregation: withResolution(options.resolution) ?? aggregation,
      }),
    );
    return new Storage(descriptor, config, registry, aggregation, storageReaders);
  }
}

interface IndexedReader {
  readonly index: number;
  readonly options: ReaderOptions;
}

function allOf(readers: readonly ReaderOptions[]): IndexedReader[] {
  return readers.map((options, index) => ({ index, options }));
}

/**
 * The storages of an instrument that no view selects. Readers share one, since each is one more write a measurement;
 * but a histogram's scale depends on where its intervals are cut, so there one reader's collections would show in what
 * another one gets.
 */
function storagePlan({ kind }: InstrumentDescriptor, readers: readonly IndexedReader[]) {
  if (kind !== 'histogram') return [{ choice: { type: 'default' } as const, readers }];
  return readers.map((reader) => ({ choice: reader.options.histograms, readers: [reader] }));
}

/** Views that make one stream of an instrument twice would have every measurement counted twice. */
function withoutDoubles(views: readonly StreamConfig[]): StreamConfig[] {
  const byName = new Map<string, StreamConfig>();
  for (const view of views) {
    if (byName.has(view.name)) diag.warn(`more than one view makes the stream ${view.name}: the first one holds`);
    else byName.set(view.name, view);
  }
  return [...byName.values()];
}

function unchanged({ name, description }: InstrumentDescriptor): StreamConfig {
  return {
    name,
    description,
    aggregation: { type: 'default' },
    recordsMinMax: true,
    processAttributes: (attributes) => attributes,
  };
}

function finest(resolutions: readonly Resolution[]): Resolution {
  return resolutions.includes('all') ? 'all' : resolutions.includes('1s') ? '1s' : 'last';
}

function isSameName(a: InstrumentDescriptor, b: InstrumentDescriptor): boolean {
  return a.name.toLowerCase() === b.name.toLowerCase();
}

function isSame(a: InstrumentDescriptor, b: InstrumentDescriptor): boolean {
  return isSameName(a, b) && a.kind === b.kind && a.unit === b.unit && a.valueType === b.valueType;
}
