// 5 steps a second, through the bound meter: node steady-run.mjs SECONDS. Prints what was recorded, with its times.
import { createMetricsCollector } from 'signal-otel';

const seconds = Number(process.argv[2]);
const collector = createMetricsCollector({ runId: 'run_steady' });
const recorded = [];
let step = 0;

const timer = setInterval(() => {
  step += 1;
  const loss = 1 / step;
  collector.collectTrainingMetrics({ loss, step });
  recorded.push([collector.metricsHistory.at(-1).timestampMillis, loss]);
  if (step === seconds * 5) {
    clearInterval(timer);
    console.log(JSON.stringify(recorded));
  }
}, 200);
