import { context as activeContext } from '@opentelemetry/api';
import { type AggregationOption, AggregationType, InstrumentType, type ViewOptions } from '@opentelemetry/sdk-metrics';
import type { AggregationChoice, InstrumentDescriptor, MeterScope, StreamConfig, ViewResolver } from './stream.ts';

export const instrumentTypes = {
  counter: InstrumentType.COUNTER,
  upDownCounter: InstrumentType.UP_DOWN_COUNTER,
  gauge: InstrumentType.GAUGE,
  histogram: InstrumentType.HISTOGRAM,
} as const;

/** The official SDK's views, for the bound meter. */
export function resolveViews(views: readonly ViewOptions[]): ViewResolver {
  return (descriptor, scope) =>
    views
      .filter((view) => selectsMeter(view, scope) && selectsInstrument(view, descriptor))
      .map((view) => toStream(view, descriptor));
}

/** An aggregation as the official SDK describes it. */
export function toChoice(option: AggregationOption): AggregationChoice {
  switch (option.type) {
    case AggregationType.DROP:
      return { type: 'drop' };
    case AggregationType.SUM:
      return { type: 'sum' };
    case AggregationType.LAST_VALUE:
      return { type: 'lastValue' };
    case AggregationType.EXPLICIT_BUCKET_HISTOGRAM:
      return option.options === undefined
        ? { type: 'defaultHistogram' }
        : { type: 'explicitHistogram', bounds: option.options.boundaries };
    case AggregationType.EXPONENTIAL_HISTOGRAM:
      return { type: 'exponentialHistogram', maxBuckets: option.options?.maxSize ?? 160 };
    default:
      return { type: 'default' };
  }
}

function toStream(view: ViewOptions, descriptor: InstrumentDescriptor): StreamConfig {
  const aggregation = view.aggregation ?? { type: AggregationType.DEFAULT };
  const processors = view.attributesProcessors ?? [];
  return {
    name: view.name ?? descriptor.name,
    description: view.description ?? descriptor.description,
    aggregation: toChoice(aggregation),
    recordsMinMax: !('options' in aggregation) || aggregation.options?.recordMinMax !== false,
    processAttributes: (attributes, context = activeContext.active()) =>
      processors.reduce((processed, processor) => processor.process(processed, context), attributes),
  };
}

function selectsMeter({ meterName, meterVersion, meterSchemaUrl }: ViewOptions, scope: MeterScope): boolean {
  return (
    matches(meterName, scope.name) && matches(meterVersion, scope.version) && matches(meterSchemaUrl, scope.schemaUrl)
  );
}

function selectsInstrument(
  { instrumentName, instrumentType, instrumentUnit }: ViewOptions,
  { name, kind, unit }: InstrumentDescriptor,
): boolean {
  const nameMatches = instrumentName === undefined || toPattern(instrumentName).test(name);
  return nameMatches && matches(instrumentType, instrumentTypes[kind]) && matches(instrumentUnit, unit);
}

/** What a view does not name, it does not restrict. */
function matches(wanted: string | undefined, actual: string | undefined): boolean {
  return wanted === undefined || wanted === actual;
}

function toPattern(wildcard: string): RegExp {
  const escaped = wildcard.replace(/[\^$\\.+?()[\]{}|]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`);
}
