/**
 * The package as it is built. This folder has a package.json of its own, so the package's name does not lead here; the
 * parts below the public entry are measured on their own.
 */
export { BoundMetricProducer } from '../../dist/bound-meter/producer.js';
export { healthRules, rlMetrics, trainingMetrics } from '../../dist/catalogue/index.js';
export { metricsSerializer } from '../../dist/delivery/metrics-serializer.js';
export {
  createMetricsCollector,
  getPipelineStatus,
  type MetricName,
  type MetricsCollector,
  start,
} from '../../dist/index.js';
export { RunStore } from '../../dist/live/run-store.js';
export { serveLivePage } from '../../dist/live/server.js';
export { observeRuns } from '../../dist/run/run-observer.js';
export { readConfig } from '../../dist/runtime/config.js';
export { createBoundMeterProvider } from '../../dist/runtime/metering.js';
