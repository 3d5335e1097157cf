// Records the durations given as JSON on standard input as those of forward_backward.
import { json } from 'node:stream/consumers';
import { createMetricsCollector } from 'signal-otel';

const collector = createMetricsCollector({ runId: 'run_durations' });
for (const forwardBackwardDurationMs of await json(process.stdin)) {
  collector.collectPerformanceMetrics({ forwardBackwardDurationMs });
}
