import { describe, expect, it } from 'vitest';
import { qualifiedName, toCamelCase, toSnakeCase } from '../../../src/catalogue/naming.ts';

describe('qualifiedName', () => {
  it.each([
    ['custom.my_metric', 'signal.custom.my_metric'],
    ['signal.training.loss', 'signal.training.loss'],
    ['signals', 'signal.signals'],
    ['signal', 'signal.signal'],
    [' spaced name ', 'signal.spaced_name'],
    ['café/né', 'signal.caf__n_'],
    ['a\nb', 'signal.a_b'],
  ])('names %j as %j', (name, expected) => {
    expect(qualifiedName(name)).toBe(expected);
  });

  it('takes another namespace', () => {
    expect(qualifiedName('acme.loss', 'acme')).toBe('acme.loss');
    expect(qualifiedName('signal.training.loss', 'acme')).toBe('acme.signal.training.loss');
  });

  it('has no name for what is none', () => {
    for (const name of ['', '  ', undefined, null, 5, {}]) expect(qualifiedName(name)).toBeUndefined();
  });

  it('stays within the 200 characters that Datadog takes', () => {
    expect(qualifiedName('x'.repeat(1_000))).toHaveLength(200);
  });
});

describe('case', () => {
  it('goes both ways for every shape of key', () => {
    expect(toCamelCase('forward_backward_duration_ms')).toBe('forwardBackwardDurationMs');
    expect(toSnakeCase('forwardBackwardDurationMs')).toBe('forward_backward_duration_ms');
    expect(toSnakeCase('klDivergence')).toBe('kl_divergence');
    expect(toSnakeCase('kl_divergence')).toBe('kl_divergence');
    expect(toSnakeCase('meanKLPenalty')).toBe('mean_kl_penalty');
  });
});
