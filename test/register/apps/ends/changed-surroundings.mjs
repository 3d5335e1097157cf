import { createMetricsCollector, start } from 'signal-otel';

const collector = createMetricsCollector({ runId: 'run_ends' });
collector.collectTrainingMetrics({ loss: 0.5, step: 1 });
await start().forceFlush();
// Programs hide their secrets from what they start, and go to other folders.
for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];
process.chdir('/');
collector.collectTrainingMetrics({ loss: 0.125, step: 2 });
process.exit(3);
