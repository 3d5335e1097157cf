import { afterEach, describe, expect, it } from 'vitest';
import { createMetricsCollector, type MetricsCollector } from '../../../src/index.ts';
import { LiveMetric } from '../../../src/live/live-metric.ts';
import { RunStore } from '../../../src/live/run-store.ts';
import { observeRuns } from '../../../src/run/run-observer.ts';
import { CapturedLog } from '../../support/log.ts';

let stop = () => {};
const collectors: MetricsCollector[] = [];

function follow(): RunStore {
  const store = new RunStore();
  stop = observeRuns(store);
  return store;
}

function collector(runId: string): MetricsCollector {
  const made = createMetricsCollector({ runId, model: 'llama' });
  collectors.push(made);
  return made;
}

afterEach(() => {
  stop();
  for (const made of collectors.splice(0)) made.end();
});

describe('RunStore', () => {
  it('follows what collectors record, in snapshots and in what is new', () => {
    const store = follow();
    expect(store.take()).toBeUndefined();
    const run = collector('run_a');
    run.collectTrainingMetrics({ step: 1, loss: 0.5 });
    expect(store.take()?.runs[0]).toMatchObject({
      runId: 'run_a',
      model: 'llama',
      step: 1,
      isEnded: false,
      metrics: { 'signal.training.loss': { summary: { last: 0.5, min: 0.5, max: 0.5, count: 1, nonFinite: 0 } } },
    });
    run.collectTrainingMetrics({ step: 2, loss: Number.NaN });
    const news = store.take();
    expect(news?.runs[0]?.rules).toBeUndefined();
    expect(news?.runs[0]?.metrics['signal.training.loss']).toMatchObject({
      summary: { last: 'NaN', min: 0.5, count: 2, nonFinite: 1 },
      lines: { value: { steps: [2], values: ['NaN'] } },
      marks: [{ step: 2, value: 'NaN' }],
    });
    run.end();
    expect(store.take()?.runs[0]).toMatchObject({ isEnded: true, metrics: {} });
    expect(store.take()).toBeUndefined();
    expect(store.toWire().runs[0]?.metrics['signal.training.loss']?.lines.value?.values).toEqual([0.5, 'NaN']);
  });

  it('tells how the newest run goes that has not ended, with p99 of durations and the health of now', () => {
    const store = follow();
    expect(store.progress()).toEqual({ run: null, others: 0 });
    const runs = ['run_a', 'run_b', 'run_c'].map(collector);
    for (const [index, run] of runs.entries()) {
      for (let step = 1; step <= 100; step++) {
        run.collectRlMetrics({ step, klDivergence: index === 1 ? 0.5 : 0.001 });
        run.collectPerformanceMetrics({ forwardBackwardDurationMs: step });
      }
    }
    expect(store.progress()).toMatchObject({ run: { runId: 'run_c' }, others: 2 });
    runs[2]?.end();
    expect(store.progress()).toMatchObject({
      run: {
        runId: 'run_b',
        step: 100,
        values: { 'signal.rl.kl_divergence': 0.5, 'signal.performance.forward_backward_duration_ms': 99 },
        statuses: { 'signal.rl.kl_divergence': 'critical', 'signal.training.non_finite': 'ok' },
      },
      others: 1,
    });
    for (const run of runs) run.end();
    expect(store.progress()).toMatchObject({ run: { runId: 'run_c' }, others: 0 });
  });

  it('shows p50 and p99 of durations, also of operations that nobody has declared', () => {
    const store = follow();
    const run = collector('run_a');
    for (let step = 1; step <= 100; step++) {
      run.collectPerformanceMetrics({ step, forwardBackwardDurationMs: step });
      run.timeOperation('sample', () => {});
    }
    const metrics = store.toWire().runs[0]?.metrics;
    const lines = metrics?.['signal.performance.forward_backward_duration_ms']?.lines;
    expect([lines?.p50?.values.at(-1), lines?.p99?.values.at(-1)]).toEqual([50, 99]);
    expect(metrics?.['signal.performance.sample_duration_ms']?.lines.p50?.values).toHaveLength(100);
  });

  it('has the health of a run, and its alarms and events', () => {
    const store = follow();
    const run = collector('run_a');
    run.collectRlMetrics({ step: 7, klDivergence: 0.2 });
    run.event({ title: 'Milestone', text: 'seven steps', alertType: 'success' });
    const [wire] = store.take()?.runs ?? [];
    expect(wire?.events).toMatchObject([
      { step: 7, title: 'Critical: KL divergence 0.2 (run_a)', alertType: 'error' },
      { step: 7, title: 'Milestone', text: 'seven steps', alertType: 'success' },
    ]);
    const kl = wire?.health?.find(({ check }) => check === 'signal.rl.kl_divergence');
    expect(kl).toMatchObject({ status: 'critical', value: 0.2, advice: expect.stringContaining('too fast') });
    expect(wire?.rules).toContainEqual({
      metric: 'signal.rl.kl_divergence',
      levels: [
        { status: 'warning', when: '>=', value: 0.05, isUpper: true },
        { status: 'critical', when: '>', value: 0.1, isUpper: true },
      ],
    });
    expect(wire?.rules?.find(({ metric }) => metric === 'signal.rl.explained_variance')?.levels[0]?.isUpper).toBe(
      false,
    );
  });

  it('keeps what happened to a run before it has recorded anything', () => {
    const store = follow();
    const [first, second] = ['run_a', 'run_b'].map(collector);
    first?.event({ title: 'Started', text: 'from scratch' });
    second?.event({ title: 'Resumed', text: 'at step 7' });
    expect(store.isEmpty).toBe(true);
    second?.collectTrainingMetrics({ step: 8, loss: 1 });
    first?.collectTrainingMetrics({ step: 1, loss: 1 });
    const { runs } = store.toWire();
    expect(runs.map(({ events }) => events.map(({ title, step }) => [title, step]))).toEqual([
      [['Resumed', null]],
      [['Started', null]],
    ]);
    expect(runs.every(({ events }) => events.every(({ time }) => time >= 0))).toBe(true);
  });

  it('shows the thresholds that a run has of its own', () => {
    const store = follow();
    const run = createMetricsCollector({ runId: 'run_own', health: { klDivergence: { warning: 2, critical: 5 } } });
    collectors.push(run);
    run.collectRlMetrics({ step: 1, klDivergence: 1 });
    const rules = store.toWire().runs[0]?.rules ?? [];
    expect(rules.find(({ metric }) => metric === 'signal.rl.kl_divergence')?.levels.at(-1)?.value).toBe(5);
  });

  it('keeps a bounded number of runs, metrics and events; who is active stays', () => {
    const store = follow();
    const active = collector('run_active');
    for (let count = 0; count < 100; count++) {
      active.collectTrainingMetrics({ step: count, loss: 1 });
      const run = collector(`run_${count}`);
      run.collectTrainingMetrics({ step: 1, extraMetrics: { [`extra_${count}`]: 1, loss: 1 } });
      active.collectTrainingMetrics({ step: count, extraMetrics: { [`extra_${count}`]: 1 } });
      for (let event = 0; event < 5; event++) active.event({ title: `${count} ${event}`, text: '' });
    }
    const { runIds, runs } = store.toWire();
    expect(runIds).toHaveLength(30);
    expect(runIds[0]).toBe('run_active');
    expect(runIds.at(-1)).toBe('run_99');
    expect(Object.keys(runs[0]?.metrics ?? {}).length).toBeLessThanOrEqual(64);
    expect(runs[0]?.events).toHaveLength(200);
    expect(runs[0]?.keptEvents).toBe(200);
    expect(runs[0]?.events.at(-1)?.title).toBe('99 4');
  });

  it('holds ten runs of 100 000 steps in a few megabytes', { timeout: 120_000 }, () => {
    const store = follow();
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 10; count++) {
      const run = collector(`run_${count}`);
      for (let step = 0; step < 100_000; step++) {
        const loss = Math.random();
        run.collectTrainingMetrics({ step, loss, gradNorm: loss * 3, learningRate: 1e-4 });
        run.collectPerformanceMetrics({ step, forwardBackwardDurationMs: 100 + loss, optimStepDurationMs: loss });
        run.collectRlMetrics({ step, klDivergence: loss / 50, entropy: 2 + loss, rewardMean: loss, clipFraction: 0.2 });
      }
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(12e6);
    const snapshot = JSON.stringify(store.toWire());
    expect(snapshot.length).toBeLessThan(6e6);
    const [run] = store.toWire().runs;
    const loss = run?.metrics['signal.training.loss'];
    expect(loss?.summary.count).toBe(100_000);
    expect(loss?.lines.value?.steps.reduce<number>((sum, step) => sum + (step ?? 0), 0)).toBe(99_999);
  });
});

describe('an observer that throws', () => {
  it('is a warning, and nothing that training notices', () => {
    const log = new CapturedLog().install();
    const fail = () => {
      throw new RangeError('no room');
    };
    stop = observeRuns({ kept: fail, happened: fail, ended: fail });
    const run = collector('run_a');
    run.collectTrainingMetrics({ step: 1, loss: 0.5 });
    run.event({ title: 'Milestone', text: '' });
    run.end();
    expect(run.getMetricsSummary().lastLoss).toBe(0.5);
    expect(log.warnings.filter((warning) => warning.includes('observer'))).toEqual([
      expect.stringContaining('observer failed: RangeError'),
    ]);
  });
});

describe('LiveMetric', () => {
  it('marks the first hundred values that are no numbers, and counts them all', () => {
    const metric = new LiveMetric(false);
    for (let step = 0; step < 500; step++) metric.push(step, step, Number.NaN);
    expect(metric.toWire().marks).toHaveLength(100);
    expect(metric.toWire().summary).toEqual({ last: 'NaN', min: null, max: null, count: 500, nonFinite: 500 });
  });
});
