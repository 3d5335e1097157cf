// Makes collectors that nobody ends and nobody keeps, with --expose-gc: says how many runs are shown under way, each time.
import { setImmediate } from 'node:timers/promises';
import { createMetricsCollector } from 'signal-otel';

const shown = [];
const gauge = { record: (runs) => shown.push(runs) };
const nothing = { record() {}, add() {} };
const meter = {
  createGauge: (name) => (name === 'signal.otel.runs' ? gauge : nothing),
  createCounter: () => nothing,
  createHistogram: () => nothing,
};
const meterProvider = { getMeter: () => meter };
const kept = createMetricsCollector({ runId: 'run_kept', runSampleRatio: 0, meterProvider });
kept.collectTrainingMetrics({ loss: 0.5, step: 1 });
for (let run = 0; run < 3; run++) {
  createMetricsCollector({
    runId: `run_${run}`,
    runSampleRatio: 0,
    meterProvider,
    health: false,
  }).collectTrainingMetrics({
    loss: 0.5,
    step: 1,
  });
}
for (let time = 0; time < 100 && shown.at(-1) > 1; time++) {
  globalThis.gc();
  await setImmediate();
}
console.log(JSON.stringify(shown), kept.runId);
