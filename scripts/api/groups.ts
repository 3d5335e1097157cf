export interface Group {
  readonly file: string;
  readonly title: string;
  readonly about: string;
  /** In the order of the page. */
  readonly names: readonly string[];
  /** Types that those mention and that are not exported. */
  readonly mentioned?: readonly string[];
}

/** The pages of the reference. Each exported name stands on one of them. */
export const groups: readonly Group[] = [
  {
    file: 'runs.md',
    title: 'Runs',
    about: 'A collector for each training run: metrics, timed operations, history and summary.',
    names: [
      'createMetricsCollector',
      'MetricsCollectorOptions',
      'OmittedAttribute',
      'RunAttribute',
      'MetricsCollector',
      'TrainingMetrics',
      'RlMetrics',
      'PerformanceMetrics',
      'CollectResultOptions',
      'Operation',
      'OperationOutcome',
      'MetricsHistory',
      'HistoryEntry',
      'MetricsSummary',
      'MetricStatistics',
    ],
  },
  {
    file: 'custom-metrics.md',
    title: 'Metrics of your own',
    about: 'Gauges, counters, histograms and sets under names of your own.',
    names: ['SignalMetrics', 'SignalMetricsOptions', 'RecordOptions', 'Tags'],
  },
  {
    file: 'health.md',
    title: 'Events, service checks and health',
    about: 'What happened in a run, and how it is doing.',
    names: [
      'EventOptions',
      'ServiceCheckOptions',
      'HealthOptions',
      'HealthRuleOptions',
      'CheckHealth',
      'HealthStatus',
      'healthRules',
      'HealthRule',
      'HealthThreshold',
    ],
    mentioned: ['AlertType', 'CheckStatus', 'AnyCase', 'HealthMeasure'],
  },
  {
    file: 'process.md',
    title: 'The process',
    about: 'Starting the telemetry of a process, ending it, and how delivery goes.',
    names: ['start', 'SignalOtel', 'getPipelineStatus', 'PipelineStatus', 'SignalStatus', 'DropReason'],
    mentioned: ['DeliveryKind'],
  },
  {
    file: 'instrumentation.md',
    title: 'Calls of Signal’s API',
    about: 'Seeing them by their requests, in a host with an SDK of its own, or by the methods of a client.',
    names: [
      'SignalInstrumentation',
      'SignalInstrumentationConfig',
      'instrumentTrainingClient',
      'TrainingClientOptions',
    ],
  },
  {
    file: 'catalogue.md',
    title: 'The catalogue',
    about: 'Every metric of the package as data, as instruments of a meter, and as views.',
    names: [
      'catalogue',
      'MetricDefinition',
      'MetricName',
      'MetricKind',
      'TypicalRange',
      'createInstruments',
      'SignalInstruments',
      'signalViews',
      'SignalViewsOptions',
    ],
    mentioned: ['Definition'],
  },
];
