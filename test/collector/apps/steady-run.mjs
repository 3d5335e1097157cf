// 5 steps a second, through the bound meter: node steady-run.mjs SECONDS. Prints what was recorded, with its times.
import { setTimeout as sleep } from 'node:timers/promises';
import { createMetricsCollector } from 'signal-otel';

const steps = Number(process.argv[2]) * 5;
const collector = createMetricsCollector({ runId: 'run_steady' });
const recorded = [];

// Never at the turn of a second: history and meter read the clock one after the other, and are to find the same one.
const start = Math.ceil(Date.now() / 1_000) * 1_000 + 100;
for (let step = 1; step <= steps; step++) {
  await sleep(Math.max(1, start + step * 200 - Date.now()));
  const loss = 1 / step;
  collector.collectTrainingMetrics({ loss, step });
  recorded.push([collector.metricsHistory.at(-1).timestampMillis, loss]);
}
console.log(JSON.stringify(recorded));
