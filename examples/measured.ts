import type { MetricStatistics, MetricsCollector } from 'signal-otel';
import { format } from './report.ts';

/** The last lines of a run, as its collector measured it. */
export function measuredSummary(collector: MetricsCollector): string {
  const { metrics } = collector.getMetricsSummary();
  const durations = durationsMillis(collector, 'forward_backward');
  return [
    statisticsLine('loss', metrics['signal.training.loss']),
    statisticsLine('KL divergence', metrics['signal.rl.kl_divergence']),
    statisticsLine('entropy', metrics['signal.rl.entropy']),
    `  forward_backward  p50 ${format(quantile(durations, 0.5), 2)} ms  p99 ${format(quantile(durations, 0.99), 2)} ms`,
  ].join('\n');
}

/** What the collector measured, every operation of the run. */
export function measuredOperations(collector: MetricsCollector): object {
  const operations = ['forward_backward', 'optim_step'].map((operation) => [
    operation,
    { durations_ms: durationsMillis(collector, operation) },
  ]);
  return Object.fromEntries(operations);
}

function durationsMillis(collector: MetricsCollector, operation: string): number[] {
  const metric = `signal.performance.${operation}_duration_ms`;
  return collector.metricsHistory.toArray().flatMap(({ metrics }) => metrics[metric] ?? []);
}

/** The nearest-rank quantile. */
function quantile(values: readonly number[], q: number): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)];
}

function statisticsLine(label: string, statistics: MetricStatistics | undefined): string {
  return `  ${label}  min ${format(statistics?.min, 4)}  max ${format(statistics?.max, 4)}  last ${format(statistics?.last, 4)}`;
}
