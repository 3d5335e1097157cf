import { createHash } from 'node:crypto';
import { metrics as api } from '@opentelemetry/api';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createMetricsCollector, type MetricsCollectorOptions } from '../../../src/index.ts';
import { isInSample } from '../../../src/run/run-sample.ts';
import { CapturedLog } from '../../support/log.ts';
import { TestEvents, TestMetrics, TestSpans } from '../../support/telemetry.ts';

const RUNS = 'signal.otel.runs';

let metrics: TestMetrics;
let spans: TestSpans;
let events: TestEvents;

beforeEach(() => {
  metrics = new TestMetrics();
  spans = new TestSpans();
  events = new TestEvents();
});

function collect(options: Partial<MetricsCollectorOptions> = {}) {
  return createMetricsCollector({
    runId: 'run_1',
    meterProvider: metrics.provider,
    tracerProvider: spans.provider,
    loggerProvider: events.provider,
    ...options,
  });
}

/** How many runs are shown under way: those that send metrics, and those left out. */
async function shown(): Promise<{ sampled: unknown; leftOut: unknown }> {
  const points = await metrics.points(RUNS);
  const of = (isSampled: boolean) => points.find(({ attributes }) => attributes.run_sampled === isSampled)?.value;
  expect(points.length).toBeLessThanOrEqual(2);
  return { sampled: of(true), leftOut: of(false) };
}

describe('the sample of runs', () => {
  const ids = Array.from({ length: 20_000 }, (_, run) => `run_${createHash('md5').update(`${run}`).digest('hex')}`);

  it.each([0.01, 0.1, 0.5, 0.9])('has %d of them, about', (ratio) => {
    const share = ids.filter((id) => isInSample(id, ratio)).length / ids.length;
    // Five standard deviations.
    expect(Math.abs(share - ratio)).toBeLessThan(5 * Math.sqrt((ratio * (1 - ratio)) / ids.length));
  });

  it('is the same in every process and release: known ids', () => {
    const known = ['run_0', 'run_1', 'run_2', 'run_3', 'run_4', 'run_5', 'run_6', 'run_7', 'run_8', 'run_9'];
    const first = (id: string) => createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;
    for (const ratio of [0.05, 0.25, 0.5, 0.75]) {
      for (const id of known) expect([id, ratio, isInSample(id, ratio)]).toEqual([id, ratio, first(id) < ratio]);
    }
  });

  it('has all of a smaller one, none at 0 and every run at 1', () => {
    for (const id of ids.slice(0, 1_000)) {
      if (isInSample(id, 0.1)) expect(isInSample(id, 0.2)).toBe(true);
      expect([isInSample(id, 0), isInSample(id, 1)]).toEqual([false, true]);
    }
  });
});

describe('a run that is left out', () => {
  it('sends no metrics of its own; history, summary and health go on', async () => {
    const collector = collect({ runSampleRatio: 0 });
    collector.timeOperation('sample', () => collector.collectTrainingMetrics({ loss: Number.NaN, step: 3 }));
    collector.observe('signal.performance.gpu_utilization', 50);
    expect([...(await metrics.collect()).keys()]).toEqual([RUNS]);
    expect(collector.getMetricsSummary()).toMatchObject({ numMetrics: 2, lastStep: 3 });
    expect(collector.metricsHistory).toHaveLength(2);
    expect(collector.getHealth()).toContainEqual(
      expect.objectContaining({ check: 'signal.training.non_finite', status: 'critical' }),
    );
  });

  it('sends its alarms, events and spans, which say so', () => {
    const collector = collect({ runSampleRatio: 0, tags: ['team:ml'] });
    collector.collectRlMetrics({ step: 1, klDivergence: 1 });
    collector.event({ title: 'Milestone', text: 'reached' });
    collector.timeOperation('sample', () => 1);
    const attributes = { run_id: 'run_1', team: 'ml', run_sampled: false };
    expect(events.events().map(({ title }) => title)).toEqual(['Critical: KL divergence 1 (run_1)', 'Milestone']);
    expect(events.checks()).toMatchObject([{ check: 'signal.rl.kl_divergence', status: 'critical' }]);
    for (const sent of [...events.events(), ...events.checks(), ...spans.finished()]) {
      expect(sent.attributes).toMatchObject(attributes);
    }
    expect(spans.finished()).toHaveLength(1);
  });

  it('is said once in a process, with what to look at', async () => {
    vi.resetModules();
    const log = new CapturedLog().install();
    const { tellLeftOut } = await import('../../../src/run/run-sample.ts');
    for (const runId of ['run_a', 'run_b']) tellLeftOut(runId, 0.1);
    expect(log.infos).toEqual([expect.stringMatching(/run_a.*share 0.1 of runs.*signal.otel.runs counts them/)]);
  });
});

describe('a run in the sample', () => {
  it('sends all as ever, and nothing more', async () => {
    const collector = collect({ runId: 'run_2', runSampleRatio: 0.999999999 });
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    collector.timeOperation('sample', () => 1);
    expect(await metrics.attributes('signal.training.loss')).toEqual([{ run_id: 'run_2' }]);
    expect(spans.finished()[0]?.attributes).not.toHaveProperty('run_sampled');
  });

  it('without a sample is not counted: there is nothing to weigh', async () => {
    collect().collectTrainingMetrics({ loss: 1, step: 1 });
    expect(await metrics.points(RUNS)).toEqual([]);
  });
});

describe('signal.otel.runs', () => {
  const ratio = 0.5;
  const ids = Array.from({ length: 40 }, (_, run) => `run_${run}`);
  const isIn = (runId: string) => isInSample(runId, ratio);

  it('counts the runs under way, those in the sample and those left out, each once, until they end', async () => {
    const collectors = ids.map((runId) => collect({ runId, runSampleRatio: ratio }));
    expect(await shown()).toEqual({ sampled: undefined, leftOut: undefined });
    for (let step = 1; step <= 3; step++) for (const one of collectors) one.collectTrainingMetrics({ loss: 1, step });
    const sampled = ids.filter(isIn).length;
    expect(await shown()).toEqual({ sampled, leftOut: ids.length - sampled });
    expect(await metrics.points('signal.training.loss')).toHaveLength(sampled);
    for (const collector of collectors.slice(1)) collector.end();
    collectors[1]?.end();
    const isFirstIn = isIn('run_0');
    expect(await shown()).toEqual({ sampled: Number(isFirstIn), leftOut: Number(!isFirstIn) });
  });

  it('counts a run again that goes on after its end', async () => {
    const collector = collect({ runSampleRatio: 0 });
    for (let step = 1; step <= 2; step++) {
      collector.collectTrainingMetrics({ loss: 1, step });
      expect(await shown()).toEqual({ sampled: undefined, leftOut: 1 });
      collector.end();
      expect(await shown()).toEqual({ sampled: undefined, leftOut: 0 });
    }
  });

  it('counts nothing of a run that stays in its process', async () => {
    const collector = collect({ runSampleRatio: 0, enableDatadog: false });
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    collector.end();
    expect((await metrics.collect()).size).toBe(0);
  });

  it('counts a run that began before the host registered its MeterProvider', async () => {
    const collector = collect({ runSampleRatio: 0, meterProvider: undefined });
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    api.setGlobalMeterProvider(metrics.provider);
    try {
      for (let step = 2; step < 4; step++) collector.collectTrainingMetrics({ loss: 1, step });
      expect(await shown()).toEqual({ sampled: undefined, leftOut: 1 });
      collector.end();
      expect(await shown()).toEqual({ sampled: undefined, leftOut: 0 });
    } finally {
      api.disable();
    }
  });
});

describe('createMetricsCollector', () => {
  it.each([-0.1, 1.1, Number.NaN, '0.1', null])('refuses %s for a share of runs', (ratio) => {
    const runSampleRatio: unknown = ratio;
    expect(() => collect({ runSampleRatio: runSampleRatio as number })).toThrow(
      /runSampleRatio must be a share from 0 to 1/,
    );
  });
});
