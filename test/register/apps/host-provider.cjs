const { metrics } = require('@opentelemetry/api');
const { MeterProvider, MetricReader } = require('@opentelemetry/sdk-metrics');

class PullReader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

const reader = new PullReader();
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));

const { start, createMetricsCollector } = require('signal-otel');
start();
const collector = createMetricsCollector({ runId: 'run_app' });
collector.timeOperation('sample', () => collector.collectTrainingMetrics({ loss: 0.25, step: 1 }));
reader.collect().then(({ resourceMetrics }) => {
  const names = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name));
  console.log(JSON.stringify(names));
});
