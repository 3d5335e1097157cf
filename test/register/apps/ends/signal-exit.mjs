import { onExit } from 'signal-exit';
import { createMetricsCollector } from 'signal-otel';

onExit((code, signal) => console.log(`bye ${code} ${signal}`));
createMetricsCollector({ runId: 'run_ends' }).collectTrainingMetrics({ loss: 0.125, step: 1 });
process.kill(process.pid, process.argv[2]);
setTimeout(() => {}, 20_000);
