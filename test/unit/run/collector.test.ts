import { beforeEach, describe, expect, it } from 'vitest';
import { createMetricsCollector, type MetricsCollectorOptions } from '../../../src/index.ts';
import { CapturedLog } from '../../support/log.ts';
import { TestMetrics, TestSpans } from '../../support/telemetry.ts';

let metrics: TestMetrics;
let spans: TestSpans;
let log: CapturedLog;

beforeEach(() => {
  metrics = new TestMetrics();
  spans = new TestSpans();
  log = new CapturedLog().install();
});

function collect(options: Partial<MetricsCollectorOptions> = {}) {
  return createMetricsCollector({
    runId: 'run_123',
    userId: 'user_456',
    meterProvider: metrics.provider,
    tracerProvider: spans.provider,
    ...options,
  });
}

const RUN = { run_id: 'run_123', user_id: 'user_456' };

describe('createMetricsCollector', () => {
  it('puts run, user, model and tags on every point', async () => {
    collect({ model: 'llama', tags: ['team:ml'] }).collectTrainingMetrics({ loss: 1, step: 0 });
    expect(await metrics.attributes('signal.training.loss')).toEqual([{ ...RUN, model: 'llama', team: 'ml' }]);
  });

  it('keeps the run where there are too many tags', async () => {
    const tags = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`tag${index}`, 'x']));
    collect({ tags }).collectTrainingMetrics({ loss: 1, step: 0 });
    expect((await metrics.attributes('signal.training.loss'))[0]).toMatchObject(RUN);
  });

  it('does not let a tag stand in for the run', async () => {
    collect({ tags: { run_id: 'other' } }).collectTrainingMetrics({ loss: 1, step: 0 });
    expect(await metrics.attributes('signal.training.loss')).toEqual([RUN]);
  });

  it('leaves attributes out of metrics where asked to, and keeps them on spans', async () => {
    const collector = collect({ omitAttributes: ['user_id'] });
    collector.timeOperation('sample', () => 1);
    expect(await metrics.attributes('signal.performance.sample_duration_ms')).toEqual([{ run_id: 'run_123' }]);
    expect(spans.finished()[0]?.attributes).toMatchObject(RUN);
  });

  it('leaves them out of the metrics that are named, whatever else these carry', async () => {
    const log = new CapturedLog().install();
    const collector = collect({
      model: 'llama',
      omitAttributes: [
        'run_id:signal.performance.*',
        'user_id:signal.performance.*',
        'run_id:signal.training.loss',
        'run_id:signal.training.perplexity',
        'user_id:signal.training.non_finite',
        'run_id:signal.health.status',
      ],
    });
    collector.startOperation('sample').end({ error: new RangeError('no') });
    collector.collectTrainingMetrics({ loss: 1, gradNorm: Number.NaN, step: 1, extraMetrics: { perplexity: 2 } });
    const model = 'llama';
    const expected = {
      'signal.performance.sample_duration_ms': { model, 'error.type': 'RangeError' },
      'signal.training.loss': { model, user_id: 'user_456' },
      'signal.training.perplexity': { model, user_id: 'user_456' },
      'signal.training.non_finite': { model, run_id: 'run_123', metric: 'signal.training.grad_norm' },
      'signal.training.step': { ...RUN, model },
    };
    for (const [name, attributes] of Object.entries(expected)) {
      expect([name, await metrics.attributes(name)]).toEqual([name, [attributes]]);
    }
    for (const attributes of await metrics.attributes('signal.health.status')) {
      expect(attributes).toEqual({ model, user_id: 'user_456', check: expect.any(String) });
    }
    expect(spans.finished()[0]?.attributes).toMatchObject({ ...RUN, model });
    // Of the value that is none.
    expect(log.warnings).toHaveLength(1);
  });

  it.each<[string, RegExp]>([
    ['team', /omitAttributes takes run_id, user_id, model, alone or with metrics .*; not "team"/],
    ['runid:signal.rl.*', /not "runid:signal.rl.\*"/],
    [
      'run_id:signal.training.los',
      /not "signal.training.los": write "run_id:signal.training.loss", or "run_id:sig.*los\*"/,
    ],
    ['run_id:signal.trainig.*', /not "signal.trainig.\*": write "run_id:signal.training.\*"/],
    ['run_id:loss', /full names, not "loss": write "run_id:signal.training.loss"/],
    ['run_id:signal_training_step_total', /write "run_id:signal.training.step"/],
    ['run_id:hw.gpu.*', /metrics of a run; "hw.gpu.\*" has none of its attributes/],
    ['run_id:signal.otel.series', /metrics of a run/],
    ['run_id:*', /omitAttributes takes/],
    ['run_id:', /metrics such as "signal.rl.entropy"/],
    ['run_id:signal.*.loss', /metrics such as/],
    ['run_id:acme.loss', /metrics such as/],
  ])('refuses to leave out %s, and says what to write', (one, message) => {
    const omitAttributes: unknown = [one];
    expect(() => collect({ omitAttributes: omitAttributes as [] })).toThrow(message);
  });

  it('refuses an attribute for all metrics and for some', () => {
    expect(() => collect({ omitAttributes: ['run_id', 'run_id:signal.rl.*'] })).toThrow(/not both: leave one out/);
  });

  it.each([
    'run_id:signal.training.los*',
    'run_id:signal.training.cost',
    'run_id:signal.ml.accuracy',
    'run_id:signal.*',
    'user_id:signal.performance.rollout_duration_ms',
  ] as const)('takes %s, which may be of the run’s own', (one) => {
    expect(() => collect({ omitAttributes: [one] })).not.toThrow();
  });

  it('does not relabel old points when the caller changes its tags', async () => {
    const tags = { team: 'ml' };
    const collector = collect({ tags });
    collector.collectTrainingMetrics({ loss: 1, step: 0 });
    tags.team = 'other';
    collector.collectTrainingMetrics({ loss: 2, step: 1 });
    expect(await metrics.attributes('signal.training.loss')).toEqual([{ ...RUN, team: 'ml' }]);
  });

  it('with enableDatadog false keeps the run local: history and summary, no metric, no span', async () => {
    const collector = collect({ enableDatadog: false });
    collector.timeOperation('sample', () => collector.collectTrainingMetrics({ loss: 1, step: 3 }));
    expect((await metrics.collect()).size).toBe(0);
    expect(spans.finished()).toEqual([]);
    expect(collector.getMetricsSummary()).toMatchObject({ numMetrics: 2, lastStep: 3, lastLoss: 1 });
  });

  it.each<[string, object, RegExp]>([
    ['no runId', { runId: undefined }, /runId must be a non-empty string; pass the run_id/],
    ['an empty runId', { runId: ' ' }, /runId/],
    ['a runId that is no string', { runId: 5 }, /runId/],
    ['an unknown option', { batchSize: 3 }, /unknown option "batchSize"; the options are runId/],
    ['an option of the Python client', { run_id: 'run_1' }, /unknown option "run_id"; write runId/],
    ['a negative historySize', { historySize: -1 }, /historySize/],
    ['a fractional historySize', { historySize: 1.5 }, /historySize/],
    ['an empty userId', { userId: '' }, /userId/],
    ['a switch that is none', { enableDatadog: 'yes' }, /enableDatadog must be true or false/],
    ['an attribute that cannot be omitted', { omitAttributes: ['team'] }, /omitAttributes takes run_id/],
  ])('refuses %s', (_, options, message) => {
    expect(() => collect(options)).toThrow(message);
  });

  it('refuses what is no object', () => {
    const nothing: unknown = undefined;
    expect(() => createMetricsCollector(nothing as MetricsCollectorOptions)).toThrow(/takes an object with runId/);
  });
});

describe('collectTrainingMetrics', () => {
  it('records loss, gradient norm, learning rate, step and extra metrics', async () => {
    collect().collectTrainingMetrics({
      loss: 0.5,
      gradNorm: 2.3,
      learningRate: 1e-4,
      step: 100,
      extraMetrics: { perplexity: 5.2, tokens_per_second: 1_500 },
    });
    for (const [name, value] of [
      ['signal.training.loss', 0.5],
      ['signal.training.grad_norm', 2.3],
      ['signal.training.learning_rate', 1e-4],
      ['signal.training.step', 1],
      ['signal.training.current_step', 100],
      ['signal.training.perplexity', 5.2],
      ['signal.training.tokens_per_second', 1_500],
    ] as const) {
      expect([name, await metrics.values(name)]).toEqual([name, [value]]);
    }
  });

  it('counts steps made, once each', async () => {
    const collector = collect();
    for (const step of [5_000, 5_001, 5_002, 5_001, 5_002, 5_003]) collector.collectTrainingMetrics({ loss: 1, step });
    expect(await metrics.values('signal.training.step')).toEqual([4]);
    expect(await metrics.values('signal.training.current_step')).toEqual([5_003]);
  });

  it('does not let extra metrics overwrite a field of the call', async () => {
    const collector = collect();
    collector.collectTrainingMetrics({ loss: 1, step: 7, extraMetrics: { loss: 99, step: 99, timestamp: 99 } });
    expect(await metrics.values('signal.training.loss')).toEqual([1]);
    expect(await metrics.values('signal.training.step')).toEqual([1]);
    const [entry] = collector.metricsHistory;
    expect(entry?.step).toBe(7);
    expect(entry?.timestampMillis).toBeGreaterThan(1e12);
    expect(entry?.metrics).toEqual({ 'signal.training.loss': 1, 'signal.training.timestamp': 99 });
  });

  it('takes absent values for absent', async () => {
    collect().collectTrainingMetrics({ loss: 1, gradNorm: null, learningRate: undefined, step: 0 });
    expect(await metrics.values('signal.training.grad_norm')).toEqual([]);
    expect(log.warnings).toEqual([]);
  });

  it('counts a non-finite value instead of recording it, and remembers it', async () => {
    const collector = collect();
    collector.collectTrainingMetrics({ loss: Number.NaN, gradNorm: Infinity, step: 1 });
    collector.collectTrainingMetrics({ loss: Number.NaN, step: 2 });
    expect(await metrics.values('signal.training.loss')).toEqual([]);
    const points = await metrics.points('signal.training.non_finite');
    expect(points.map(({ attributes, value }) => [attributes.metric, value])).toEqual([
      ['signal.training.loss', 2],
      ['signal.training.grad_norm', 1],
    ]);
    expect(points[0]?.attributes).toMatchObject(RUN);
    expect(collector.getMetricsSummary().lastLoss).toBeNaN();
    expect(collector.metricsHistory.at(0)?.metrics).toEqual({
      'signal.training.loss': Number.NaN,
      'signal.training.grad_norm': Infinity,
    });
  });

  it('leaves out values of a wrong type, with one warning that does not show them', async () => {
    const wrong: Record<string, unknown> = { loss: 'secret', gradNorm: {}, learningRate: 5n, step: 1 };
    const collector = collect();
    for (let time = 0; time < 3; time++) collector.collectTrainingMetrics(wrong as { step: number });
    expect(await metrics.values('signal.training.loss')).toEqual([]);
    expect(log.warnings).toHaveLength(3);
    expect(log.warnings.join()).not.toContain('secret');
  });

  it('names the field that was meant, once', () => {
    const collector = collect();
    const misspelt: object = { grad_norm: 1, step: 1 };
    for (let time = 0; time < 2; time++) collector.collectTrainingMetrics(misspelt as { step: number });
    expect(log.warnings).toEqual([expect.stringContaining('write gradNorm')]);
  });

  it('records without a step that is none', async () => {
    const collector = collect();
    for (const step of [-1, 0.5, Number.NaN]) collector.collectTrainingMetrics({ loss: 1, step });
    expect(await metrics.values('signal.training.step')).toEqual([]);
    expect(await metrics.values('signal.training.loss')).toEqual([1]);
    expect(collector.getMetricsSummary().lastStep).toBeNull();
  });

  it('never throws, whatever it is given', () => {
    const collector = collect();
    const trap = new Proxy({}, { ownKeys: () => fail(), get: () => fail() });
    const fail = (): never => {
      throw new Error('trap');
    };
    for (const input of [undefined, null, 5, 'x', [], trap, { extraMetrics: 'x' }, { extraMetrics: trap }]) {
      const anything: unknown = input;
      collector.collectTrainingMetrics(anything as { step: number });
      collector.collectRlMetrics(anything as object);
      collector.collectPerformanceMetrics(anything as object);
      collector.collectResult(anything as object);
    }
    expect(collector.getMetricsSummary().numMetrics).toBe(0);
  });
});

describe('collectRlMetrics and collectPerformanceMetrics', () => {
  it('record every field of the seed', async () => {
    const collector = collect();
    collector.collectRlMetrics({
      step: 100,
      policyLoss: -2.3,
      valueLoss: 0.5,
      entropy: 3.2,
      klDivergence: 0.01,
      clipFraction: 0.2,
      advantageMean: 0.1,
      advantageStd: 0.9,
      explainedVariance: 0.8,
      rewardMean: 5.2,
    });
    collector.collectPerformanceMetrics({
      forwardBackwardDurationMs: 250.5,
      optimStepDurationMs: 50.2,
      queueDepth: 3,
      gpuUtilization: 95.5,
      gpuMemoryUsedGb: 38.2,
    });
    const gauges = {
      'signal.rl.policy_loss': -2.3,
      'signal.rl.value_loss': 0.5,
      'signal.rl.entropy': 3.2,
      'signal.rl.kl_divergence': 0.01,
      'signal.rl.clip_fraction': 0.2,
      'signal.rl.advantage_mean': 0.1,
      'signal.rl.advantage_std': 0.9,
      'signal.rl.explained_variance': 0.8,
      'signal.rl.reward_mean': 5.2,
      'signal.performance.queue_depth': 3,
      'signal.performance.gpu_utilization': 95.5,
      'signal.performance.gpu_memory_used_gb': 38.2,
    };
    for (const [name, value] of Object.entries(gauges))
      expect([name, await metrics.values(name)]).toEqual([name, [value]]);
    expect(await metrics.histogram('signal.performance.forward_backward_duration_ms')).toEqual({
      count: 1,
      sum: 250.5,
    });
    expect(await metrics.histogram('signal.performance.optim_step_duration_ms')).toEqual({ count: 1, sum: 50.2 });
    const summary = collector.getMetricsSummary();
    expect(summary).toMatchObject({ numMetrics: 2, lastStep: 100 });
    expect(Object.keys(summary.metrics)).toHaveLength(14);
    expect(collector.metricsHistory.at(1)).toMatchObject({ step: 100 });
  });

  it('count the steps of a run that reports RL metrics alone', async () => {
    const collector = collect();
    for (const step of [1, 2, 3]) collector.collectRlMetrics({ step, entropy: 1 });
    expect(await metrics.values('signal.training.step')).toEqual([3]);
  });

  it('refuse a negative duration, which an SDK would drop without a word', async () => {
    collect().collectPerformanceMetrics({ forwardBackwardDurationMs: -1 });
    expect(await metrics.points('signal.performance.forward_backward_duration_ms')).toEqual([]);
    expect(log.warnings).toEqual([expect.stringContaining('negative')]);
  });
});

describe('collectResult', () => {
  it('counts N updates for N pairs of forward_backward and optim_step', async () => {
    const collector = collect();
    for (let step = 0; step < 10; step++) {
      collector.collectResult({ loss: 1, step, grad_norm: 1, metrics: null });
      collector.collectResult({ step: step + 1, learning_rate: 1e-4, metrics: {} });
    }
    expect(await metrics.values('signal.training.step')).toEqual([10]);
    expect(await metrics.values('signal.training.current_step')).toEqual([10]);
    expect(await metrics.values('signal.training.learning_rate')).toEqual([1e-4]);
  });

  it('records a gradient norm of 0, unless gradients accumulate', async () => {
    const collector = collect();
    collector.collectResult({ loss: 1, step: 0, grad_norm: 0 }, { accumulate: true });
    expect(await metrics.values('signal.training.grad_norm')).toEqual([]);
    collector.collectResult({ loss: 1, step: 0, grad_norm: 0 });
    expect(await metrics.values('signal.training.grad_norm')).toEqual([0]);
  });

  it('counts a diverged loss', async () => {
    collect().collectResult({ loss: Infinity, step: 0, metrics: { kl_divergence: Number.NaN } });
    expect(await metrics.values('signal.training.non_finite')).toEqual([1, 1]);
  });

  it('asks for the answer where it is given a promise', () => {
    collect().collectResult(Promise.resolve({ loss: 1 }));
    expect(log.warnings).toEqual([expect.stringContaining('await the promise')]);
  });
});

describe('history and summary', () => {
  it('are bounded, and cleared together', () => {
    const collector = collect({ historySize: 10 });
    for (let step = 0; step < 100; step++) collector.collectTrainingMetrics({ loss: 100 - step, step });
    expect(collector.metricsHistory.length).toBe(10);
    expect(collector.getMetricsSummary()).toMatchObject({ numMetrics: 100, lastStep: 99, lastLoss: 1 });
    expect(collector.getMetricsSummary().metrics['signal.training.loss']).toEqual({
      min: 1,
      max: 100,
      last: 1,
      count: 100,
      nonFinite: 0,
    });
    collector.metricsHistory.clear();
    expect(collector.metricsHistory.length).toBe(0);
    expect(collector.getMetricsSummary()).toMatchObject({ numMetrics: 0, lastStep: null, lastLoss: null, metrics: {} });
  });

  it('stay after end(), and a late value is recorded all the same', async () => {
    const collector = collect();
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    collector.end();
    collector.end();
    collector.collectTrainingMetrics({ loss: 2, step: 2 });
    expect(collector.getMetricsSummary().lastLoss).toBe(2);
    expect(await metrics.values('signal.training.loss')).toEqual([2]);
  });
});

describe('runs that share a series', () => {
  const shared = ['run_id:signal.training.*', 'run_id:signal.performance.*', 'user_id'] as const;
  const both = () =>
    [collect({ omitAttributes: shared }), collect({ runId: 'run_456', omitAttributes: shared })] as const;

  it('add up their counts, merge their histograms, and show the value that came last', async () => {
    const [one, other] = both();
    one.collectTrainingMetrics({ loss: 1, step: 5 });
    other.collectTrainingMetrics({ loss: 2, step: 9 });
    other.collectPerformanceMetrics({ optimStepDurationMs: 20 });
    one.collectPerformanceMetrics({ optimStepDurationMs: 10 });
    one.collectTrainingMetrics({ loss: 3, step: 6 });
    expect(await metrics.points('signal.training.step')).toMatchObject([{ attributes: {}, value: 3 }]);
    expect(await metrics.values('signal.training.loss')).toEqual([3]);
    expect(await metrics.points('signal.performance.optim_step_duration_ms')).toHaveLength(1);
    expect(await metrics.histogram('signal.performance.optim_step_duration_ms')).toEqual({ count: 2, sum: 30 });
  });

  it('each keep what is theirs alone', async () => {
    const [one, other] = both();
    one.collectRlMetrics({ entropy: 1 });
    other.collectRlMetrics({ entropy: 2 });
    expect(await metrics.attributes('signal.rl.entropy')).toEqual([{ run_id: 'run_123' }, { run_id: 'run_456' }]);
    expect(one.getMetricsSummary().numMetrics).toBe(1);
  });

  it('go on where one of them ends', async () => {
    const [one, other] = both();
    for (const collector of [one, other]) collector.collectTrainingMetrics({ loss: 1, step: 1 });
    one.end();
    await metrics.collect();
    other.collectTrainingMetrics({ loss: 2, step: 2 });
    expect(await metrics.values('signal.training.step')).toEqual([3]);
    expect(await metrics.values('signal.training.loss')).toEqual([2]);
  });
});
