const { createMetricsCollector } = require('signal-otel');

// A handler that finishes something first, and then exits: each turn is one in which the package may be in the midst of
// collecting, exporting or sending.
const [turns, step] = process.argv.slice(2).map(Number);
createMetricsCollector({ runId: 'run_app' }).collectTrainingMetrics({ loss: 0.125, step });
process.on('SIGTERM', async () => {
  for (let turn = 0; turn < turns; turn++) await undefined;
  process.exit(0);
});
process.kill(process.pid, 'SIGTERM');
setTimeout(() => {}, 60_000);
