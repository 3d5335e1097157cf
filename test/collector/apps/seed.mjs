import { createMetricsCollector, SignalMetrics } from 'signal-otel';

// The guide's examples that end at Datadog, with numbers of their own.
const [run] = process.argv.slice(2);

const collector = createMetricsCollector({ runId: run, userId: 'user_456', tags: ['team:ml'] });
const metrics = new SignalMetrics({ namespace: 'signal', constantTags: ['env:production', 'team:ml'] });

metrics.gauge('signal.custom.my_metric', 42, { tags: [`run_id:${run}`] });
metrics.histogram('signal.custom.latency_ms', 125.3);
metrics.increment('signal.custom.event_count', 1);

for (let index = 1; index <= 100; index++) {
  metrics.distribution('signal.performance.forward_backward_duration_ms', 10 * index, { tags: [`run_id:${run}`] });
}
for (let index = 0; index < 4_000; index++) {
  metrics.histogram('custom.sampled_ms', 5, { sampleRate: 0.25 });
  metrics.increment('custom.sampled', 2, { sampleRate: 0.25 });
}

const klDivergence = 0.1234;
collector.collectRlMetrics({ step: 100, klDivergence });
metrics.event({
  title: 'High KL Divergence Detected',
  text: `KL divergence ${klDivergence.toFixed(4)} exceeds threshold 0.1`,
  alertType: 'warning',
  tags: [`run_id:${run}`],
});
metrics.serviceCheck({
  checkName: 'rl.kl_divergence',
  status: 'CRITICAL',
  message: `KL divergence ${klDivergence.toFixed(4)} exceeds 0.1`,
  tags: [`run_id:${run}`],
});
metrics.event({
  title: 'Training Milestone Reached',
  text: 'Model reached 1000 steps with loss 0.1234',
  alertType: 'success',
  tags: [`run_id:${run}`, 'milestone:1000'],
});
collector.end();
