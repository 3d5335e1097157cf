import { setTimeout as sleep } from 'node:timers/promises';
import { createMetricsCollector, getPipelineStatus, SignalMetrics } from 'signal-otel';

const steps = Number(process.argv[2]);
const collector = createMetricsCollector({ runId: 'run_stepping' });
const custom = new SignalMetrics();

// Each step is told by its number: as the value of a gauge, as one of a count and one of a histogram, and by a span.
for (let step = 1; step <= steps; step++) {
  await collector.timeOperation('forward_backward', () => sleep(20));
  collector.collectTrainingMetrics({ loss: step, step });
  custom.increment('custom.steps');
  if (step % 25 === 0) console.log(`step ${step}`);
}
console.log(`state ${getPipelineStatus().state}`);
