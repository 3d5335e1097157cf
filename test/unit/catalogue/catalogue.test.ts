import { readFileSync } from 'node:fs';
import * as semanticConventions from '@opentelemetry/semantic-conventions/incubating';
import { describe, expect, it } from 'vitest';
import {
  catalogue,
  defineMetrics,
  hardwareMetrics,
  type MetricDefinition,
  resultKeys,
  signalMetrics,
} from '../../../src/catalogue/index.ts';

const valid: MetricDefinition = {
  name: 'signal.rl.new_metric',
  kind: 'gauge',
  unit: '{value}',
  description: 'Something new',
  typicalRange: { min: 0, max: 1 },
};

describe('the catalogue', () => {
  it('has the 18 metrics of the seed and the two that the collector derives', () => {
    const ofTraining = catalogue.filter(({ name }) => !/^(signal\.otel|signal\.health|hw)\./.test(name));
    expect(ofTraining.map(({ name, kind }) => `${kind} ${name}`).sort()).toEqual(
      [
        'gauge signal.training.loss',
        'gauge signal.training.grad_norm',
        'gauge signal.training.learning_rate',
        'counter signal.training.step',
        'gauge signal.rl.policy_loss',
        'gauge signal.rl.value_loss',
        'gauge signal.rl.entropy',
        'gauge signal.rl.kl_divergence',
        'gauge signal.rl.clip_fraction',
        'gauge signal.rl.advantage_mean',
        'gauge signal.rl.advantage_std',
        'gauge signal.rl.explained_variance',
        'gauge signal.rl.reward_mean',
        'histogram signal.performance.forward_backward_duration_ms',
        'histogram signal.performance.optim_step_duration_ms',
        'gauge signal.performance.queue_depth',
        'gauge signal.performance.gpu_utilization',
        'gauge signal.performance.gpu_memory_used_gb',
        'gauge signal.training.current_step',
        'counter signal.training.non_finite',
      ].sort(),
    );
  });

  it('is what the committed metric table shows', () => {
    const table = readFileSync(new URL('../../../dashboards/metrics.md', import.meta.url), 'utf8');
    for (const { name, description } of catalogue) {
      expect(table).toContain(name);
      expect(table).toContain(description);
    }
  });

  it('maps the aliases of results, and not the keys that only look alike', () => {
    expect(resultKeys.get('mean_reward')).toBe('signal.rl.reward_mean');
    expect(resultKeys.get('mean_advantage')).toBe('signal.rl.advantage_mean');
    expect(resultKeys.has('kl_penalty')).toBe(false);
    expect(resultKeys.has('clipped_fraction')).toBe(false);
  });
});

describe('the metrics of the hardware', () => {
  it('have the names of the conventions', () => {
    const conventions: ReadonlySet<unknown> = new Set(Object.values(semanticConventions));
    for (const { name } of hardwareMetrics) expect(conventions).toContain(name);
  });

  it('are in the catalogue, and none of them among the metrics that are recorded', () => {
    expect(catalogue).toEqual([...signalMetrics, ...hardwareMetrics]);
    expect(signalMetrics.every(({ name }) => name.startsWith('signal.'))).toBe(true);
    expect(hardwareMetrics.every(({ name }) => name.startsWith('hw.'))).toBe(true);
  });
});

describe('defineMetrics', () => {
  it('returns a complete definition as it came', () => {
    expect(defineMetrics([valid])).toEqual([valid]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a name outside the namespace', { name: 'loss' }],
    ['a name without a family', { name: 'signal.loss' }],
    ['a name in camelCase', { name: 'signal.rl.newMetric' }],
    ['a name that is none', { name: undefined }],
    ['an unknown kind', { kind: 'summary' }],
    ['a kind that only hardware has', { kind: 'upDownCounter' }],
    ['a unit that backends would put into the name', { unit: 'ms' }],
    ['no unit', { unit: '' }],
    ['no description', { description: ' ' }],
    ['no typical range', { typicalRange: undefined }],
    ['an empty typical range', { typicalRange: { min: 1, max: 0 } }],
  ])('refuses %s', (_, change) => {
    const broken: MetricDefinition = Object.assign({ ...valid }, change);
    expect(() => defineMetrics([broken])).toThrow(TypeError);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a name in camelCase', { name: 'hw.gpuUtilization' }],
    ['a kind that cannot be observed', { kind: 'histogram' }],
    ['an annotation, which the conventions do not have', { unit: '{ratio}' }],
    ['no description', { description: '' }],
  ])('refuses for hardware %s', (_, change) => {
    const hardware: MetricDefinition = {
      name: 'hw.gpu.utilization',
      kind: 'gauge',
      unit: '1',
      description: 'GPU',
      typicalRange: {},
    };
    expect(defineMetrics([hardware])).toEqual([hardware]);
    const broken: MetricDefinition = Object.assign({ ...hardware }, change);
    expect(() => defineMetrics([broken])).toThrow(TypeError);
  });

  it('refuses a name that is declared twice', () => {
    expect(() => defineMetrics([valid, { ...valid, kind: 'counter' }])).toThrow(/declared twice/);
  });
});
