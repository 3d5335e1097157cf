import { createMetricsCollector } from 'signal-otel';

const collector = createMetricsCollector({ runId: 'run_app' });
let step = 0;
setInterval(() => collector.collectTrainingMetrics({ loss: 0.25, step: ++step }), 20);
collector.collectTrainingMetrics({ loss: 0.25, step: ++step });
console.log('training');
