import type { MeterProvider, Observable, ObservableCallback } from '@opentelemetry/api';
import { type CataloguedMetric, findMetric, NAMESPACE } from '../catalogue/index.ts';
import { VERSION } from './version.ts';

/** What can be observed: nothing hands over a histogram's values one by one when it is asked. */
export type ObservableName = Exclude<CataloguedMetric, { readonly kind: 'histogram' }>['name'];

/**
 * Has a metric of the catalogue observed at each collection, on the meter `signal`.
 * @returns ends it.
 */
export function observe(meterProvider: MeterProvider, name: ObservableName, callback: ObservableCallback): () => void {
  const instrument = createObservable(meterProvider, name);
  instrument.addCallback(callback);
  return () => instrument.removeCallback(callback);
}

function createObservable(meterProvider: MeterProvider, name: ObservableName): Observable {
  const { kind, unit = '', description = '' } = findMetric(name) ?? {};
  const meter = meterProvider.getMeter(NAMESPACE, VERSION);
  switch (kind) {
    case 'counter':
      return meter.createObservableCounter(name, { unit, description });
    case 'upDownCounter':
      return meter.createObservableUpDownCounter(name, { unit, description });
    default:
      return meter.createObservableGauge(name, { unit, description });
  }
}
