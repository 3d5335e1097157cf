import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createMetricsCollector,
  healthRules,
  type MetricsCollectorOptions,
  type RlMetrics,
} from '../../../src/index.ts';
import { RunHealth } from '../../../src/run/health.ts';
import { checkHealth } from '../../../src/run/health-options.ts';
import { CapturedLog } from '../../support/log.ts';
import { TestEvents, TestMetrics } from '../../support/telemetry.ts';

let metrics: TestMetrics;
let events: TestEvents;
let log: CapturedLog;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  metrics = new TestMetrics();
  events = new TestEvents();
  log = new CapturedLog().install();
});

afterEach(() => {
  vi.useRealTimers();
});

function collect(options: Partial<MetricsCollectorOptions> = {}) {
  return createMetricsCollector({
    runId: 'run_1',
    meterProvider: metrics.provider,
    loggerProvider: events.provider,
    ...options,
  });
}

type Field = Exclude<keyof RlMetrics, 'step'>;

/** The status of a check after so many values of a field, one step each. */
function statusAfter(
  check: string,
  field: Field,
  values: readonly number[],
  options?: Partial<MetricsCollectorOptions>,
) {
  const collector = collect(options);
  values.forEach((value, step) => void collector.collectRlMetrics({ step, [field]: value }));
  collector.end();
  return collector.getHealth().find((each) => each.check === `signal.${check}`)?.status;
}

const times = (count: number, value: number) => Array.from({ length: count }, () => value);
const statuses = () => events.checks().map(({ check, status }) => `${check.replace(/^signal\.\w+\./, '')} ${status}`);

describe('the boundaries of a rule', () => {
  it.each<[string, Field, number, number, string]>([
    ['rl.kl_divergence', 'klDivergence', 1, 0.0499, 'ok'],
    ['rl.kl_divergence', 'klDivergence', 1, 0.05, 'warning'],
    ['rl.kl_divergence', 'klDivergence', 1, 0.1, 'warning'],
    ['rl.kl_divergence', 'klDivergence', 1, 0.1001, 'critical'],
    ['rl.clip_fraction_high', 'clipFraction', 1, 0.3, 'ok'],
    ['rl.clip_fraction_high', 'clipFraction', 1, 0.5, 'ok'],
    ['rl.clip_fraction_high', 'clipFraction', 1, 0.51, 'warning'],
    ['rl.clip_fraction_low', 'clipFraction', 200, 0.1, 'ok'],
    ['rl.clip_fraction_low', 'clipFraction', 199, 0.05, 'ok'],
    ['rl.clip_fraction_low', 'clipFraction', 200, 0.05, 'warning'],
    ['rl.explained_variance', 'explainedVariance', 200, 0.71, 'ok'],
    ['rl.explained_variance', 'explainedVariance', 200, 0.7, 'warning'],
    ['rl.explained_variance', 'explainedVariance', 200, 0.5, 'warning'],
    ['rl.explained_variance', 'explainedVariance', 199, 0.49, 'ok'],
    ['rl.explained_variance', 'explainedVariance', 200, 0.49, 'critical'],
  ])('%s: %s %d times %d is %s', (check, field, count, value, status) => {
    expect(statusAfter(check, field, times(count, value))).toBe(status);
  });

  it('a level is left a tenth on the good side of its threshold, after ten values', () => {
    const from = [0.2, 0.2];
    const settled = (value: number, count = 10) =>
      statusAfter('rl.kl_divergence', 'klDivergence', [...from, ...times(count, value)]);
    expect(settled(0.095)).toBe('critical');
    expect(settled(0.09)).toBe('warning');
    expect(settled(0.046)).toBe('warning');
    expect(settled(0.0449, 9)).toBe('critical');
    expect(settled(0.0449)).toBe('ok');
  });

  it('a bad value among the good ones begins the count anew', () => {
    const values = [0.2, ...times(9, 0.01), 0.095, ...times(9, 0.01)];
    expect(statusAfter('rl.kl_divergence', 'klDivergence', values)).toBe('critical');
    expect(statusAfter('rl.kl_divergence', 'klDivergence', [...values, 0.01])).toBe('ok');
  });

  it('what some of the values in a row justify is not what all of them do', () => {
    const values = [...times(100, 0.4), ...times(100, 0.6)];
    expect(statusAfter('rl.explained_variance', 'explainedVariance', values)).toBe('warning');
  });
});

describe('a rule about the recent past', () => {
  const steady = Array.from({ length: 40 }, (_, index) => 1 + 0.05 * (index % 2));

  it.each([
    ['a slow decrease', [...steady, ...Array.from({ length: 400 }, (_, index) => 1 - index / 500)], 'ok'],
    ['a drop by a quarter', [...steady, 0.76], 'ok'],
    ['a drop by two fifths', [...steady, 0.6], 'warning'],
    ['a collapse', [...steady, 0.2], 'critical'],
    ['a collapse with no past to compare with', [1, 1, 1, 0.1], undefined],
  ])('%s of entropy', (_, values, status) => {
    expect(statusAfter('rl.entropy_drop', 'entropy', values)).toBe(status);
  });

  it('of an entropy below zero, as continuous actions have, takes its distance from the mean', () => {
    expect(statusAfter('rl.entropy_drop', 'entropy', [...times(20, -1), -1.2])).toBe('ok');
    expect(statusAfter('rl.entropy_drop', 'entropy', [...times(20, -1), -1.6])).toBe('critical');
  });

  it.each([
    ['as it varies', 1.15, 'ok'],
    ['nine deviations up', 1.9, 'warning'],
    ['twenty deviations up', 3.2, 'critical'],
  ])('a loss %s', (_, loss, status) => {
    const collector = collect();
    [...steady, loss].forEach((value, step) => void collector.collectTrainingMetrics({ loss: value, step }));
    expect(collector.getHealth().find(({ check }) => check === 'signal.training.loss_spike')?.status).toBe(status);
  });

  it('a loss of 0 all along has no measure, and raises nothing', () => {
    const collector = collect();
    for (let step = 0; step < 30; step++) collector.collectTrainingMetrics({ loss: step === 29 ? 5 : 0, step });
    expect(statuses()).toEqual([]);
  });
});

describe('values that are NaN or infinite', () => {
  it('are critical at once, and well again after ten calls without one', () => {
    const collector = collect();
    collector.collectTrainingMetrics({ loss: Number.NaN, step: 1 });
    expect(statuses()).toEqual(['non_finite critical']);
    // Durations say nothing of it.
    for (let times = 0; times < 20; times++) collector.startOperation('sample').end();
    expect(statuses()).toHaveLength(1);
    for (let step = 2; step <= 11; step++) collector.collectTrainingMetrics({ loss: 1, step });
    expect(statuses()).toEqual(['non_finite critical', 'non_finite ok']);
  });

  it('of a metric leave what else is judged of it as it was', () => {
    const collector = collect();
    collector.collectRlMetrics({ step: 1, klDivergence: 0.2 });
    collector.collectRlMetrics({ step: 2, klDivergence: Number.POSITIVE_INFINITY });
    expect(collector.getHealth()).toContainEqual(
      expect.objectContaining({ check: 'signal.rl.kl_divergence', status: 'critical', value: 0.2 }),
    );
  });
});

describe('a run without a step', () => {
  it('stalls after ten minutes, and is well again with the next one', async () => {
    const collector = collect();
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    vi.advanceTimersByTime(599_000);
    collector.collectTrainingMetrics({ loss: 1, step: 2 });
    vi.advanceTimersByTime(599_000);
    expect(statuses()).toEqual([]);
    vi.advanceTimersByTime(2_000);
    expect(statuses()).toEqual(['stalled critical']);
    vi.advanceTimersByTime(60_000);
    collector.collectTrainingMetrics({ loss: 1, step: 3 });
    expect(statuses()).toEqual(['stalled critical', 'stalled ok']);
  });

  it('does not stall before its first step, nor after its end', () => {
    const collector = collect({ health: { stalled: { critical: 5 } } });
    vi.advanceTimersByTime(60_000);
    collector.collectRlMetrics({ entropy: 1 });
    vi.advanceTimersByTime(60_000);
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    collector.end();
    vi.advanceTimersByTime(60_000);
    expect(statuses()).toEqual([]);
  });

  it('shows as stalled for an hour, also where nothing else is recorded', async () => {
    const collector = collect({ health: { stalled: { critical: 5 } } });
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    vi.advanceTimersByTime(600_000);
    const points = await metrics.points('signal.health.status');
    expect(points).toContainEqual(
      expect.objectContaining({ value: 2, attributes: { run_id: 'run_1', check: 'signal.training.stalled' } }),
    );
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(3_600_000);
    expect(vi.getTimerCount()).toBe(0);
    collector.collectTrainingMetrics({ loss: 1, step: 2 });
    expect(statuses()).toEqual(['stalled critical', 'stalled ok']);
  });

  it('becomes critical hours after the warning, where the run has it so', () => {
    const collector = collect({ health: { stalled: { warning: 60, critical: 7_200 } } });
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    vi.advanceTimersByTime(7_190_000);
    expect(statuses()).toEqual(['stalled warning']);
    vi.advanceTimersByTime(20_000);
    expect(statuses()).toEqual(['stalled warning', 'stalled critical']);
    collector.end();
  });
});

describe('a change of status', () => {
  it('is told on stderr, and costs no value of its step, where the log pipeline of the host fails', () => {
    const broken = {
      getLogger: () => {
        throw new Error('broken');
      },
    };
    const collector = collect({ loggerProvider: broken, health: { stalled: { critical: 5 } } });
    collector.collectTrainingMetrics({ loss: 1, step: 1 });
    vi.advanceTimersByTime(20_000);
    collector.collectTrainingMetrics({ loss: 2, step: 2 });
    collector.end();
    expect(log.warnings).toContainEqual(expect.stringContaining('Critical: '));
    expect(log.infos).toContainEqual(expect.stringContaining('Recovered: '));
    expect(collector.getMetricsSummary().lastLoss).toBe(2);
  });

  it('is one event and one service check, with the reason and the advice', () => {
    const collector = collect({ userId: 'user_1', tags: ['team:ml'], omitAttributes: ['run_id'] });
    for (let step = 7; step < 12; step++) collector.collectRlMetrics({ step, klDivergence: 0.2345 });
    const [rule] = healthRules;
    const attributes = { run_id: 'run_1', user_id: 'user_1', team: 'ml' };
    const text = `step 7: signal.rl.kl_divergence is 0.2345 (critical above 0.1). ${rule.advice}`;
    expect(events.events()).toEqual([
      {
        title: 'Critical: KL divergence 0.2345 (run_1)',
        text,
        alertType: 'error',
        aggregationKey: 'run_1:signal.rl.kl_divergence',
        attributes: { ...attributes, check: 'signal.rl.kl_divergence' },
      },
    ]);
    expect(events.checks()).toEqual([
      { check: 'signal.rl.kl_divergence', status: 'critical', message: text, attributes },
    ]);
    expect(log.warnings).toEqual([
      expect.stringContaining('run_1: Critical: step 7: signal.rl.kl_divergence is 0.2345'),
    ]);
  });

  it('tells each step of the way: worse at once, better after ten values', () => {
    const collector = collect();
    const values = [0.07, 0.2, ...times(10, 0.07), ...times(10, 0.01)];
    values.forEach((klDivergence, step) => void collector.collectRlMetrics({ step, klDivergence }));
    expect(statuses()).toEqual(['kl_divergence warning', 'kl_divergence critical', 'kl_divergence ok']);
    expect(events.events().map(({ alertType }) => alertType)).toEqual(['warning', 'error', 'success']);
  });

  it.each<[string, number[], Partial<MetricsCollectorOptions>, RegExp]>([
    ['a warning', [0.05], {}, /is 0.05 \(warning from 0.05\)\. The policy moves/],
    ['a way back', [0.2, ...times(10, 0.07)], {}, /is 0.07, better after critical, not yet well\. The policy moves/],
    ['a recovery', [0.2, ...times(10, 0.01)], {}, /is 0.01, well again after critical\.$/],
    [
      'patience',
      [0.2, 0.3],
      { health: { klDivergence: { patience: 2 } } },
      /is 0.3 \(critical above 0.1, 2 values in a row\)/,
    ],
  ])('says so of %s', (_, values, options, text) => {
    const collector = collect(options);
    values.forEach((klDivergence, step) => void collector.collectRlMetrics({ step, klDivergence }));
    expect(events.events().at(-1)?.text).toMatch(text);
  });

  it('says in words what was found by each measure', () => {
    const collector = collect({ health: { stalled: { critical: 5 } } });
    for (let step = 0; step < 20; step++) {
      collector.collectTrainingMetrics({ loss: 1, step, extraMetrics: { 'signal.rl.entropy': 1 } });
    }
    collector.collectTrainingMetrics({ loss: 3, step: 20, extraMetrics: { 'signal.rl.entropy': 0.4 } });
    collector.collectTrainingMetrics({ loss: Number.NaN, step: 21 });
    vi.advanceTimersByTime(6_000);
    expect(events.events().map(({ text }) => text.replace(/\. .*/, ''))).toEqual([
      'step 20: signal.rl.entropy is 60 % below its recent mean (critical above 50 %)',
      'step 20: signal.training.loss is 20 standard deviations above its recent mean (critical above 16 standard deviations)',
      'step 21: 1 value NaN or infinite',
      'step 21: no step for 5 s (critical from 5 s)',
    ]);
  });

  it('that repeats an alarm of the last minute waits, and is left out where it is over by then', () => {
    const collector = collect();
    const cycle = [0.2, ...times(10, 0.01)];
    let step = 0;
    const go = (values: readonly number[]) => {
      for (const klDivergence of values) collector.collectRlMetrics({ step: step++, klDivergence });
    };
    for (let times = 0; times < 5; times++) go(cycle);
    expect(statuses()).toEqual(['kl_divergence critical', 'kl_divergence ok']);
    go([0.2]);
    expect(statuses()).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    go([0.2]);
    expect(statuses()).toEqual(['kl_divergence critical', 'kl_divergence ok', 'kl_divergence critical']);
  });

  it('with a pause of 0 each is told', () => {
    const collector = collect({ health: { pauseMillis: 0 } });
    for (let times = 0; times < 3; times++) {
      for (const klDivergence of [0.2, ...Array(10).fill(0.01)]) collector.collectRlMetrics({ klDivergence });
    }
    expect(statuses()).toHaveLength(6);
  });

  it('is in signal.health.status by check, with the attributes of the run', async () => {
    const collector = collect();
    collector.collectRlMetrics({ step: 1, klDivergence: 0.07, clipFraction: 0.2, explainedVariance: 0.9, entropy: 1 });
    const points = await metrics.points('signal.health.status');
    const levels = points.map(({ value, attributes }) => [attributes.check, value, attributes.run_id]);
    expect(levels).toContainEqual(['signal.rl.kl_divergence', 1, 'run_1']);
    expect(levels).toContainEqual(['signal.rl.clip_fraction_high', 0, 'run_1']);
    expect(levels.map(([check]) => check)).not.toContain('signal.training.loss_spike');
  });

  it('is recorded at once where it changes, and where it stays each ten seconds', () => {
    const recorded: number[][] = [];
    const health = new RunHealth(checkHealth('health', { stalled: false }), {
      record: (check, level) => void (check === 'signal.rl.kl_divergence' && recorded.push([performance.now(), level])),
      changed: () => {},
    });
    const start = performance.now();
    for (let second = 0; second < 25; second++) {
      health.add({ 'signal.rl.kl_divergence': second === 13 ? 0.2 : 0.01 }, ['signal.rl.kl_divergence']);
      vi.advanceTimersByTime(1_000);
    }
    expect(recorded.map(([millis = 0, level]) => [(millis - start) / 1_000, level])).toEqual([
      [0, 0],
      [10, 0],
      [13, 2],
      [23, 0],
    ]);
  });

  it('stays in the process with enableDatadog: false', async () => {
    const collector = collect({ enableDatadog: false });
    collector.collectRlMetrics({ step: 1, klDivergence: 0.2 });
    expect(events.records()).toEqual([]);
    expect(collector.getHealth()).toContainEqual(expect.objectContaining({ status: 'critical' }));
  });
});

describe('the option health', () => {
  it('sets thresholds of a run, and leaves other runs theirs', () => {
    const own = { health: { klDivergence: { warning: 2, critical: 5 } } };
    expect(statusAfter('rl.kl_divergence', 'klDivergence', [4], own)).toBe('warning');
    expect(statusAfter('rl.kl_divergence', 'klDivergence', [4])).toBe('critical');
  });

  it('sets how many values in a row it takes', () => {
    const own = { health: { explainedVariance: { patience: 2 } } };
    expect(statusAfter('rl.explained_variance', 'explainedVariance', [0.1], own)).toBe('ok');
    expect(statusAfter('rl.explained_variance', 'explainedVariance', [0.1, 0.1], own)).toBe('critical');
  });

  it('leaves out a rule, or all', () => {
    expect(statusAfter('rl.kl_divergence', 'klDivergence', [9], { health: { klDivergence: false } })).toBeUndefined();
    const collector = collect({ health: false });
    collector.collectRlMetrics({ step: 1, klDivergence: 9 });
    expect(collector.getHealth()).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['a rule that is not there', { kl: {} }, /health: unknown option "kl"; the options are pauseMillis, klDivergence/],
    ['a rule of the Python spelling', { kl_divergence: {} }, /write klDivergence/],
    ['a threshold that is none', { klDivergence: { critical: '1' } }, /klDivergence: critical must be a number/],
    ['levels the wrong way round', { klDivergence: { critical: 0.01 } }, /critical \(0.01\) must not be below warning/],
    ['no patience', { klDivergence: { patience: 0 } }, /patience must be a whole number from 1/],
    ['a negative pause', { pauseMillis: -1 }, /pauseMillis must be a number of milliseconds from 0/],
    ['a text', 'off', /health takes an object/],
  ])('refuses %s', (_, health, message) => {
    // What the compiler refuses, JavaScript may still pass.
    const options = { runId: 'run_1', health } as MetricsCollectorOptions;
    expect(() => createMetricsCollector(options)).toThrow(message);
  });
});
