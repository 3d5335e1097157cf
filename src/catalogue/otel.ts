import { defineMetrics } from './metric.ts';

/** The package about itself: how delivery goes, how much there is, and what could not be kept as it was recorded. */
export const selfMetrics = defineMetrics([
  {
    name: 'signal.otel.points_exported',
    kind: 'counter',
    unit: '{point}',
    description: 'Data points, spans, log records, events and service checks that a receiver has taken, by `signal`',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.otel.points_dropped',
    kind: 'counter',
    unit: '{point}',
    description:
      'Data points, spans, log records, events and service checks that did not arrive, by `signal` and `reason`',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.otel.queue_length',
    kind: 'gauge',
    unit: '{request}',
    description: 'Requests that wait for delivery',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.otel.queue_bytes',
    kind: 'gauge',
    unit: '{byte}',
    description: 'Bytes that wait for delivery',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.otel.last_success_age',
    kind: 'gauge',
    unit: '{s}',
    description: 'Seconds since a receiver last took something, by `signal`',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.otel.series',
    kind: 'gauge',
    unit: '{series}',
    description: 'Series that live in a process and count towards its limit',
    typicalRange: { min: 0 },
  },
  {
    name: 'signal.otel.runs',
    kind: 'gauge',
    unit: '{run}',
    description:
      'Runs under way where runs are sampled, by `run_sampled`: `true` sends its metrics, `false` is left out of them',
    typicalRange: { min: 0 },
  },
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
