import { createMetricsCollector } from 'signal-otel';

// Prints lines in two pieces each, with a step of every run between them, until something is typed.
const collectors = process.argv.slice(2).map((runId) => createMetricsCollector({ runId }));
let step = 0;

function begin() {
  step += 1;
  process.stdout.write(`line ${step} has a be`);
  for (const collector of collectors) {
    collector.collectTrainingMetrics({ step, loss: 0.5 });
    collector.collectRlMetrics({ klDivergence: 0.25, rewardMean: 21 });
    collector.collectPerformanceMetrics({ forwardBackwardDurationMs: 12.5 });
  }
  setTimeout(end, 10);
}

function end() {
  process.stdout.write('ginning and an end\n');
  if (!isTyped) setTimeout(begin, 10);
}

let isTyped = false;
process.stdin.once('data', () => {
  isTyped = true;
  process.stdin.pause();
});
begin();
