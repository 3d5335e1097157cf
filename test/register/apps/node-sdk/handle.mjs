import { once } from 'node:events';
import { createMetricsCollector, start } from 'signal-otel';

const telemetry = start();
const collector = createMetricsCollector({ runId: 'run_handle' });
collector.timeOperation('forward_backward', () => collector.collectTrainingMetrics({ loss: 0.125, step: 1 }));
await telemetry.forceFlush();
console.log('flushed');
await once(process.stdin, 'data');
collector.collectTrainingMetrics({ loss: 0.5, step: 2 });
await telemetry.shutdown();
console.log('stopped');
