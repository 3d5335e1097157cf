const cluster = require('node:cluster');
const threads = require('node:worker_threads');

/** Trains one step, and then comes to an end in one of many ways. */
function end(createMetricsCollector, way) {
  const collector = createMetricsCollector({ runId: 'run_ends' });
  collector.timeOperation('forward_backward', () => 1);
  collector.collectTrainingMetrics({ loss: 0.125, step: 1 });
  const die = (signal) => {
    process.kill(process.pid, signal);
    setTimeout(() => {}, 60_000);
  };
  const ways = {
    'natural end': () => {},
    'natural end with an exit code': () => {
      process.exitCode = 3;
    },
    'process.exit(0)': () => process.exit(0),
    'process.exit(7)': () => process.exit(7),
    'process.exit in a timer': () => setTimeout(() => process.exit(7), 1),
    SIGTERM: () => die('SIGTERM'),
    SIGINT: () => die('SIGINT'),
    SIGHUP: () => die('SIGHUP'),
    'a SIGTERM handler that exits': () => {
      process.on('SIGTERM', () => process.exit(5));
      die('SIGTERM');
    },
    'uncaught exception': () => {
      throw new Error('the training failed');
    },
    'unhandled rejection': () => Promise.reject(new Error('the training failed')),
    'uncaught exception that the host handles': () => {
      process.on('uncaughtException', () => {
        process.exitCode = 6;
      });
      throw new Error('handled');
    },
  };
  return ways[way]();
}

/** The same in a worker thread, or in a process of a cluster; or the main thread ends while the worker goes on. */
function run(createMetricsCollector, file, [where, way]) {
  if (where === 'process') return end(createMetricsCollector, way);
  if (where === 'cluster') return runInCluster(createMetricsCollector, file, way);
  return runInThread(createMetricsCollector, file, where, way);
}

function runInThread(createMetricsCollector, file, where, way) {
  if (!threads.isMainThread) {
    end(createMetricsCollector, where === 'thread' ? way : 'natural end');
    if (where === 'thread') return;
    threads.parentPort.postMessage('trained');
    setTimeout(() => {}, 60_000);
    return;
  }
  const worker = new threads.Worker(file, { argv: [where, way] });
  worker.on('error', (error) => console.log(error.message));
  worker.on('exit', (code) => console.log(`the thread ended with ${code}`));
  worker.on('message', () => mainWays[way]());
}

const mainWays = {
  'process.exit(7)': () => process.exit(7),
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
  'uncaught exception': () => {
    throw new Error('the main thread failed');
  },
};

function runInCluster(createMetricsCollector, file, way) {
  if (cluster.isPrimary) {
    cluster.setupPrimary({ exec: file, args: ['cluster', way] });
    cluster.fork().on('exit', (code, signal) => console.log(`the worker ended with ${code} ${signal}`));
    return;
  }
  if (way === 'disconnect') {
    end(createMetricsCollector, 'natural end');
    cluster.worker.disconnect();
  } else {
    end(createMetricsCollector, way);
  }
}

module.exports = { run };
