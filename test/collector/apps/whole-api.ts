import { fileURLToPath } from 'node:url';
import type { LoggerProvider, MeterProvider, TracerProvider } from '@opentelemetry/api';
import { createMetricsCollector, SignalMetrics } from 'signal-otel';

export const RUN_ID = 'run_0123456789abcdef';

/** Every call that records, with numbers that are known beforehand. Without providers the registered ones get them. */
export async function recordAll(
  providers: {
    readonly meterProvider?: MeterProvider;
    readonly tracerProvider?: TracerProvider;
    readonly loggerProvider?: LoggerProvider;
  } = {},
): Promise<void> {
  const collector = createMetricsCollector({ runId: RUN_ID, userId: 'user_1', tags: ['team:ml'], ...providers });
  for (let step = 0; step < 5; step++) {
    collector.collectTrainingMetrics({ step, loss: 1 / (step + 1), gradNorm: 2, learningRate: 1e-4 });
    collector.collectRlMetrics({ step, klDivergence: 0.2, entropy: 3, rewardMean: step });
    collector.collectPerformanceMetrics({
      forwardBackwardDurationMs: 100 + step,
      queueDepth: step,
      gpuUtilization: 50,
    });
  }
  collector.collectTrainingMetrics({ step: 4, loss: Number.NaN, extraMetrics: { perplexity: 7 } });
  collector.collectResult({ step: 6, learning_rate: 0.25, metrics: { value_loss: 0.5 } });
  await collector.timeOperation('save_state', async () => {});
  collector.startOperation('sample').end();
  collector.event({ title: 'Milestone', text: '6 steps' });
  collector.serviceCheck({ checkName: 'rl.sampler', status: 'OK' });

  const { tracerProvider: _, ...ofClient } = providers;
  const metrics = new SignalMetrics({ constantTags: ['env:test'], ...ofClient });
  metrics.gauge('custom.level', 42);
  metrics.histogram('custom.size', 5);
  metrics.distribution('custom.size', 7);
  metrics.timing('custom.load_ms', 12);
  metrics.increment('custom.tokens', 4_096);
  metrics.decrement('custom.budget', 5);
  metrics.set('custom.users', 'a');
  metrics.set('custom.users', 'b');
  metrics.timed('custom.work_ms', () => 1)();
  metrics.event({ title: 'Done', alertType: 'success' });
  metrics.serviceCheck({ checkName: 'custom.queue', status: 'WARNING' });
}

// `import.meta.main` came with Node 24.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await recordAll();
  // A Prometheus asks when it likes.
  if (process.env.OTEL_METRICS_EXPORTER === 'prometheus') setInterval(() => {}, 60_000);
}
