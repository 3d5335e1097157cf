const { createMetricsCollector } = require('signal-otel');

// Right after the beginning of a second: all of it falls into one, which is still open when the export comes.
setTimeout(
  () => {
    createMetricsCollector({ runId: 'run_app' }).collectTrainingMetrics({ loss: 0.125, step: 1 });
    setTimeout(() => process.exit(0), 500);
  },
  1_000 - (Date.now() % 1_000) + 50,
);
