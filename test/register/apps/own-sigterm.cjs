// Saves a checkpoint on SIGTERM, as a driver does: listening before or after the package starts, or once only.
const { createMetricsCollector, start } = require('signal-otel');

const collector = createMetricsCollector({ runId: 'run_app' });
const keepAlive = setInterval(() => {}, 1_000);
const onSigterm = () => {
  setTimeout(() => {
    collector.collectTrainingMetrics({ loss: 0.125, step: 2 });
    process.exitCode = 3;
    clearInterval(keepAlive);
  }, 200);
};

const listens = process.argv[2];
if (listens === 'before') process.on('SIGTERM', onSigterm);
if (listens === 'once before') process.once('SIGTERM', onSigterm);
start();
if (listens === 'after') process.on('SIGTERM', onSigterm);
collector.collectTrainingMetrics({ loss: 0.25, step: 1 });
console.log('training');
