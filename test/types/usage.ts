import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  type CheckHealth,
  catalogue,
  createInstruments,
  createMetricsCollector,
  getPipelineStatus,
  instrumentTrainingClient,
  type MetricName,
  type MetricsSummary,
  type OmittedAttribute,
  type PipelineStatus,
  SignalInstrumentation,
  SignalMetrics,
  signalViews,
  start,
} from 'signal-otel';

const collector = createMetricsCollector({ runId: 'run_1', userId: 'user_1', tags: ['team:ml'] });
collector.collectTrainingMetrics({ loss: 1, gradNorm: null, step: 1, extraMetrics: { perplexity: 2 } });
collector.collectRlMetrics({ klDivergence: 0.01 });
collector.collectPerformanceMetrics({ gpuMemoryUsedGb: 38.2 });
const answer: Promise<string> = collector.timeOperation('sample', async () => 'text');
const number: number = collector.timeOperation('sample', () => 5);
collector.event({ title: 'Milestone', text: '1000 steps', alertType: 'SUCCESS', tags: ['milestone:1000'] });
collector.serviceCheck({ checkName: 'rl.sampler', status: 'CRITICAL' });
const health: CheckHealth[] = collector.getHealth();
createMetricsCollector({ runId: 'run_1', health: { klDivergence: { critical: 5 }, stalled: false } });
createMetricsCollector({ runId: 'run_1', omitAttributes: ['user_id'], runSampleRatio: 0.1 });
const omitAttributes: OmittedAttribute[] = ['user_id', 'run_id:signal.performance.*', 'model:signal.rl.entropy'];
new SignalInstrumentation({ omitAttributes, runSampleRatio: 0.1 });
const { live, byMetric }: PipelineStatus['series'] = getPipelineStatus().series;
const losses: number | undefined = byMetric['signal.training.loss'];
const summary: MetricsSummary = collector.getMetricsSummary();
const name: MetricName = 'signal.rl.kl_divergence';
new SignalMetrics({ constantTags: { env: 'test' } }).increment('events', 1, { sampleRate: 0.5 });
const views = signalViews({ histograms: 'explicit' });
const stop: Promise<void> = start().shutdown();
const sdk = new NodeSDK({ instrumentations: [new SignalInstrumentation({ baseUrls: ['http://127.0.0.1:8000'] })] });
class Client {
  forwardBackward(batch: readonly object[]): Promise<{ readonly loss: number; readonly items: number }> {
    return Promise.resolve({ loss: 1, items: batch.length });
  }
}
const client: Client = instrumentTrainingClient(new Client(), { runId: 'run_1' });
const pass: Promise<{ readonly loss: number }> = client.forwardBackward([]);

// @ts-expect-error a step is needed
collector.collectTrainingMetrics({ loss: 1 });
// @ts-expect-error snake_case is not the field's name
collector.collectRlMetrics({ kl_divergence: 0.01 });
// @ts-expect-error no such rule
createMetricsCollector({ runId: 'run_1', health: { kl: {} } });
// @ts-expect-error no such attribute
createMetricsCollector({ runId: 'run_1', omitAttributes: ['team'] });
// @ts-expect-error a metric by its full name
createMetricsCollector({ runId: 'run_1', omitAttributes: ['run_id:loss'] });
// @ts-expect-error no such status
collector.serviceCheck({ checkName: 'rl.sampler', status: 'broken' });
// @ts-expect-error a run needs its id
createMetricsCollector({});
// @ts-expect-error no such metric
const wrong: MetricName = 'signal.rl.kl';
// @ts-expect-error a counter is not recorded
createInstruments(globalMeter())['signal.training.step'].record(1);

// @ts-expect-error a client is an object
instrumentTrainingClient('client');
// @ts-expect-error no such option
new SignalInstrumentation({ baseUrl: 'http://127.0.0.1:8000' });

declare function globalMeter(): Parameters<typeof createInstruments>[0];

export { answer, catalogue, client, health, live, losses, name, number, pass, sdk, stop, summary, views, wrong };
