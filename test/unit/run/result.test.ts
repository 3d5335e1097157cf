import { describe, expect, it } from 'vitest';
import { readResult } from '../../../src/run/result.ts';

const read = (result: object) => Object.fromEntries(readResult(result).metrics);

describe('readResult', () => {
  it('reads a forward_backward answer with explicit nulls', () => {
    const answer = {
      loss: 0.5,
      step: 12,
      grad_norm: null,
      grad_stats: null,
      request_id: 'req_1',
      status: 'completed',
      rl_metrics: null,
      metrics: null,
    };
    expect(readResult(answer)).toMatchObject({ step: 12, isAfterUpdate: false });
    expect(read(answer)).toEqual({ 'signal.training.loss': 0.5 });
  });

  it('knows an optim_step answer, whose step is the one after the update', () => {
    expect(readResult({ step: 13, learning_rate: 1e-4, metrics: {} })).toMatchObject({ step: 13, isAfterUpdate: true });
  });

  it('maps every key of enhanced_ppo, inside metrics', () => {
    const metrics = {
      loss: 1,
      policy_loss: 2,
      value_loss: 3,
      entropy: 4,
      kl_divergence: 5,
      approx_kl: 6,
      clip_fraction: 7,
      advantage_mean: 8,
      advantage_std: 9,
      explained_variance: 10,
      value_mean: 11,
      return_mean: 12,
      reward_mean: 13,
      grad_norm: 14,
      params_with_grad: 15,
    };
    expect(read({ metrics })).toEqual({
      'signal.training.loss': 1,
      'signal.rl.policy_loss': 2,
      'signal.rl.value_loss': 3,
      'signal.rl.entropy': 4,
      'signal.rl.kl_divergence': 5,
      'signal.training.approx_kl': 6,
      'signal.rl.clip_fraction': 7,
      'signal.rl.advantage_mean': 8,
      'signal.rl.advantage_std': 9,
      'signal.rl.explained_variance': 10,
      'signal.training.value_mean': 11,
      'signal.training.return_mean': 12,
      'signal.rl.reward_mean': 13,
      'signal.training.grad_norm': 14,
      'signal.training.params_with_grad': 15,
    });
  });

  it('reads camelCase, rlMetrics and gradStats', () => {
    expect(read({ loss: 1, gradNorm: 2, rlMetrics: { klDivergence: 3 }, gradStats: { gradMax: 4 } })).toEqual({
      'signal.training.loss': 1,
      'signal.training.grad_norm': 2,
      'signal.rl.kl_divergence': 3,
      'signal.training.grad_max': 4,
    });
  });

  it('prefers a value at the top, and falls through its null to the one inside', () => {
    expect(read({ loss: 1, grad_norm: null, metrics: { loss: 9, grad_norm: 2 } })).toEqual({
      'signal.training.loss': 1,
      'signal.training.grad_norm': 2,
    });
  });

  it('reads a completed future', () => {
    expect(read({ future_id: 'f', status: 'completed', result: { metrics: { loss: 1, grad_norm: 2 } } })).toEqual({
      'signal.training.loss': 1,
      'signal.training.grad_norm': 2,
    });
  });

  it('takes mean_reward and mean_advantage for the metrics they are, where those have no value of their own', () => {
    expect(read({ mean_reward: 1, mean_advantage: 2 })).toEqual({
      'signal.rl.reward_mean': 1,
      'signal.rl.advantage_mean': 2,
    });
    expect(read({ mean_reward: 1, reward_mean: 3 })).toEqual({ 'signal.rl.reward_mean': 3 });
  });

  it('keeps kl_penalty and clipped_fraction apart from the metrics they resemble', () => {
    expect(read({ kl_penalty: 1, clipped_fraction: 2 })).toEqual({
      'signal.training.kl_penalty': 1,
      'signal.training.clipped_fraction': 2,
    });
  });

  it('never takes the GPU utilization that the server makes up', () => {
    expect(read({ loss: 1, gpu_utilization: 85, metrics: { gpuUtilization: 85 } })).toEqual({
      'signal.training.loss': 1,
    });
  });

  it('leaves out what is no number and reads no arrays', () => {
    expect(read({ loss: 1, status: 'ok', converged: true, metrics: [1, 2, 3], extra: { deep: 1 } })).toEqual({
      'signal.training.loss': 1,
    });
  });
});
