import { diag } from '@opentelemetry/api';
import { createMetricsCollector, getPipelineStatus, start } from 'signal-otel';

// A driver with a logger of its own, which asks how delivery goes.
const off = getPipelineStatus();
const telemetry = start();
const messages = [];
const note =
  (level) =>
  (...message) =>
    messages.push([level, ...message].join(' '));
diag.setLogger(
  { error: note('error'), warn: note('warn'), info: note('info'), debug() {}, verbose() {} },
  { suppressOverrideMessage: true },
);

const idle = getPipelineStatus();
const collector = createMetricsCollector({ runId: 'run_status' });
collector.collectTrainingMetrics({ loss: 0.5, step: 1 });
await telemetry.forceFlush();
const failing = getPipelineStatus();
process.stdout.write('failing\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.pause();
collector.collectTrainingMetrics({ loss: 0.25, step: 2 });
await telemetry.forceFlush();
const delivering = getPipelineStatus();
await telemetry.forceFlush();
process.stdout.write(`${JSON.stringify({ off, idle, failing, delivering, messages })}\n`);
