import { defineMetrics } from './metric.ts';

export const rlMetrics = defineMetrics([
  {
    name: 'signal.rl.policy_loss',
    kind: 'gauge',
    unit: '{loss}',
    description: 'PPO policy loss',
    typicalRange: { min: -10, max: 10 },
  },
  {
    name: 'signal.rl.value_loss',
    kind: 'gauge',
    unit: '{loss}',
    description: 'Value function MSE',
    typicalRange: { min: 0, max: 100 },
  },
  {
    name: 'signal.rl.entropy',
    kind: 'gauge',
    unit: '{nat}',
    description: 'Policy entropy',
    typicalRange: { min: 0, max: 10 },
  },
  {
    name: 'signal.rl.kl_divergence',
    kind: 'gauge',
    unit: '{nat}',
    description: 'KL divergence, from the policy that sampled or from a reference, as the loss function reports it',
    typicalRange: { min: 0, max: 0.1 },
  },
  {
    name: 'signal.rl.clip_fraction',
    kind: 'gauge',
    unit: '{fraction}',
    description: 'PPO clip activation',
    typicalRange: { min: 0, max: 1 },
  },
  {
    name: 'signal.rl.advantage_mean',
    kind: 'gauge',
    unit: '{advantage}',
    description: 'Mean advantage',
    typicalRange: { min: -5, max: 5 },
  },
  {
    name: 'signal.rl.advantage_std',
    kind: 'gauge',
    unit: '{advantage}',
    description: 'Standard deviation of the advantage',
    typicalRange: { min: 0, max: 5 },
  },
  {
    name: 'signal.rl.explained_variance',
    kind: 'gauge',
    unit: '{fraction}',
    description: 'Value function quality: explained variance of the returns',
    typicalRange: { min: -1, max: 1 },
  },
  {
    name: 'signal.rl.reward_mean',
    kind: 'gauge',
    unit: '{reward}',
    description: 'Mean reward',
    typicalRange: {},
  },
]);
