// Trains some runs of three users side by side until it is ended: usage: collectors.mjs RUNS
import { createMetricsCollector } from 'signal-otel';

const [runs] = process.argv.slice(2);

for (let run = 0; run < Number(runs); run++) {
  const collector = createMetricsCollector({ runId: `run_${run}`, userId: `user_${run % 3}`, health: false });
  collector.collectTrainingMetrics({ loss: 0.5, step: 1, extraMetrics: { perplexity: 2 } });
  collector.collectPerformanceMetrics({ optimStepDurationMs: 5, forwardBackwardDurationMs: 50 });
}
setInterval(() => {}, 60_000);
console.log('training');
