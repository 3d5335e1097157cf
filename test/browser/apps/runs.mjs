// Two runs, one of which meets a value that is no number. It begins once there is a line on its standard input.
import { once } from 'node:events';
import { createMetricsCollector } from 'signal-otel';

// Waits for it without end, as a program does that has work to do.
await once(process.stdin, 'data');

const steady = createMetricsCollector({ runId: 'run_steady', model: 'llama' });
const broken = createMetricsCollector({ runId: 'run_broken' });

for (let step = 1; step <= 60; step++) {
  steady.collectTrainingMetrics({ step, loss: 2 / step, extraMetrics: { perplexity: 10 / step } });
  broken.collectTrainingMetrics({ step, loss: step === 30 ? Number.NaN : 4 / step });
  steady.collectRlMetrics({ step, klDivergence: 0.01, rewardMean: step });
  broken.collectRlMetrics({ step, klDivergence: step > 40 ? 0.2 : 0.01, rewardMean: -step });
}
steady.event({ title: 'Milestone', text: 'Sixty steps' });
process.stdout.write('recorded\n');
setInterval(() => {}, 1_000);
