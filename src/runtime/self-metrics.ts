import type { MeterProvider } from '@opentelemetry/api';
import type { Losses } from '../bound-meter/registry.ts';
import { findMetric, type MetricName, NAMESPACE } from '../catalogue/index.ts';
import { VERSION } from '../otel/version.ts';

const metricOf = {
  pointsReduced: 'signal.otel.points_reduced',
  seriesEvicted: 'signal.otel.series_evicted',
  measurementsRefused: 'signal.otel.measurements_refused',
} as const satisfies Record<keyof Losses, MetricName>;

/**
 * Shows what the bound meter could not keep. By instruments of the official SDK: the bound meter has no room for a new
 * series when there is something to tell.
 */
export function observeLosses(meterProvider: MeterProvider, losses: Readonly<Losses>): void {
  const meter = meterProvider.getMeter(NAMESPACE, VERSION);
  for (const loss of ['pointsReduced', 'seriesEvicted', 'measurementsRefused'] as const) {
    const { name, unit, description } = findMetric(metricOf[loss]) ?? {
      name: metricOf[loss],
      unit: '',
      description: '',
    };
    meter.createObservableCounter(name, { unit, description }).addCallback((result) => {
      if (losses[loss] > 0) result.observe(losses[loss]);
    });
  }
}
