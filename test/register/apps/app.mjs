import { createMetricsCollector } from 'signal-otel';

const collector = createMetricsCollector({ runId: 'run_app' });
await collector.timeOperation('forward_backward', async () =>
  collector.collectTrainingMetrics({ loss: 0.25, step: 1 }),
);
