const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { createMetricsCollector } = require('signal-otel');

const train = (loss) => createMetricsCollector({ runId: 'run_ends' }).collectTrainingMetrics({ loss, step: 1 });
const start = (role) => new Worker(__filename, { workerData: role });

// One thread goes on training while another ends, which has started a third.
if (isMainThread) {
  const sibling = start('sibling');
  sibling.once('message', () => {
    start('parent').on('exit', () => {
      console.log('ended');
      process.stdin.once('data', () => {
        process.stdin.pause();
        sibling.postMessage('on');
      });
    });
  });
} else if (workerData === 'sibling') {
  train(0.125);
  parentPort.once('message', () => train(0.25));
  parentPort.postMessage('trained');
} else if (workerData === 'parent') {
  train(0.5);
  start('child').on('message', () => process.exit(0));
} else {
  train(0.75);
  parentPort.postMessage('trained');
  setTimeout(() => {}, 20_000);
}
