import type { MeterProvider } from '@opentelemetry/api';
import type { BoundMeterProvider } from '../bound-meter/provider.ts';
import { DELIVERIES } from '../delivery/request.ts';
import { type ObservableName, observe } from '../otel/observable.ts';
import type { Delivery } from './delivery.ts';

/**
 * Shows how many series the bound meter has, and what it could not keep. By instruments of the official SDK: the bound
 * meter has no room for a new series when there is something to tell.
 */
export function observeSeries(meterProvider: MeterProvider, bound: BoundMeterProvider): void {
  observe(meterProvider, 'signal.otel.series', (result) => result.observe(bound.liveSeries));
  const { losses } = bound;
  const showLoss = (name: ObservableName, count: () => number) =>
    observe(meterProvider, name, (result) => {
      if (count() > 0) result.observe(count());
    });
  showLoss('signal.otel.points_reduced', () => losses.pointsReduced);
  showLoss('signal.otel.series_evicted', () => losses.seriesEvicted);
  showLoss('signal.otel.measurements_refused', () => losses.measurementsRefused);
}

/** Shows how delivery goes. */
export function observeDelivery(meterProvider: MeterProvider, { status, queue }: Delivery): void {
  observe(meterProvider, 'signal.otel.points_exported', (result) => {
    const all = status.all();
    for (const signal of DELIVERIES) {
      if (all[signal].exportedPoints > 0) result.observe(all[signal].exportedPoints, { signal });
    }
  });
  observe(meterProvider, 'signal.otel.points_dropped', (result) => {
    for (const [signal, { droppedPoints }] of Object.entries(status.all())) {
      for (const [reason, points] of Object.entries(droppedPoints)) result.observe(points, { signal, reason });
    }
  });
  observe(meterProvider, 'signal.otel.queue_length', (result) => result.observe(queue.length));
  observe(meterProvider, 'signal.otel.queue_bytes', (result) => result.observe(queue.bytes));
  observe(meterProvider, 'signal.otel.last_success_age', (result) => {
    for (const [signal, { lastSuccessMillis }] of Object.entries(status.all())) {
      if (lastSuccessMillis !== undefined) result.observe((Date.now() - lastSuccessMillis) / 1_000, { signal });
    }
  });
}
