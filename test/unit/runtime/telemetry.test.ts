import { logs, metrics, trace } from '@opentelemetry/api';
import { afterEach, expect, it } from 'vitest';
import { createMetricsCollector } from '../../../src/index.ts';
import { defaults } from '../../../src/runtime/config.ts';
import { Telemetry } from '../../../src/runtime/telemetry.ts';

afterEach(() => {
  for (const api of [metrics, trace, logs]) api.disable();
});

it('what cannot be loaded is told, and is no exception for who records', () => {
  const told: unknown[] = [];
  let isBroken = true;
  new Telemetry({
    atStart: defaults,
    readConfig: () => {
      if (isBroken) throw new Error('a file is missing');
      return { ...defaults, metricsExporters: [], tracesExporters: [], logsExporters: [] };
    },
    environment: {},
    fail: (what, error) => told.push(what, error),
  }).register();
  const tracer = trace.getTracer('of the host');
  const logger = logs.getLogger('of the host');
  const collector = createMetricsCollector({ runId: 'run_1' });

  tracer.startSpan('span').end();
  expect(tracer.startActiveSpan('span', (span) => span.isRecording())).toBe(false);
  logger.emit({ body: 'text' });
  metrics.getMeter('of the host').createCounter('count').add(1);
  collector.collectTrainingMetrics({ loss: 1, step: 1 });
  expect(told).toContainEqual(new Error('a file is missing'));
  expect(collector.getMetricsSummary().lastLoss).toBe(1);

  isBroken = false;
  const before = told.length;
  expect(tracer.startActiveSpan('span', (span) => span.isRecording())).toBe(true);
  expect(told).toHaveLength(before);
});
