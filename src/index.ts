export {
  catalogue,
  type HealthRule,
  type HealthStatus,
  type HealthThreshold,
  healthRules,
  type MetricDefinition,
  type MetricKind,
  type MetricName,
  type TypicalRange,
} from './catalogue/index.ts';
export type { DropReason, SignalStatus } from './delivery/status.ts';
export type { Tags } from './otel/attributes.ts';
export { createInstruments, type SignalInstruments } from './otel/instruments.ts';
export { type SignalViewsOptions, signalViews } from './otel/views.ts';
export { createMetricsCollector, type MetricsCollector } from './run/collector.ts';
export type {
  CollectResultOptions,
  MetricsCollectorOptions,
  PerformanceMetrics,
  RlMetrics,
  TrainingMetrics,
} from './run/collector-options.ts';
export { type RecordOptions, SignalMetrics, type SignalMetricsOptions } from './run/custom-metrics.ts';
export type { EventOptions, ServiceCheckOptions } from './run/events.ts';
export type { CheckHealth } from './run/health.ts';
export type { HealthOptions, HealthRuleOptions } from './run/health-options.ts';
export type { HistoryEntry, MetricStatistics, MetricsHistory, MetricsSummary } from './run/history.ts';
export type { OmittedAttribute, RunAttribute } from './run/omitted.ts';
export type { Operation, OperationOutcome } from './run/operation.ts';
export {
  instrumentTrainingClient,
  SignalInstrumentation,
  type SignalInstrumentationConfig,
  type TrainingClientOptions,
} from './runtime/instrumentation.ts';
export { getPipelineStatus, type PipelineStatus, type SignalOtel, start } from './runtime/start.ts';
