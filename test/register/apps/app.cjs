const { createMetricsCollector } = require('signal-otel');

const collector = createMetricsCollector({ runId: 'run_app' });
collector.timeOperation('forward_backward', () => collector.collectTrainingMetrics({ loss: 0.25, step: 1 }));
