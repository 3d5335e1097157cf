import { defineMetrics } from './metric.ts';

/** The package about itself: what could not be kept as it was recorded. */
export const selfMetrics = defineMetrics([
  {
    name: 'signal.otel.points_reduced',
    kind: 'counter',
    unit: '{point}',
    description: 'Points of gauges that gave way to later ones because a buffer was full between two exports',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.otel.series_evicted',
    kind: 'counter',
    unit: '{series}',
    description: 'Series that were forgotten early to make room for new ones: ended ones first, then idle ones',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.otel.measurements_refused',
    kind: 'counter',
    unit: '{measurement}',
    description: 'Measurements that were lost because there was no room for their series',
    typicalRange: { min: 0 },
  },
]);
