/**
 * Keys of a Signal result that mean a metric of another name. Only true synonyms: `kl_penalty` changes its meaning with
 * the loss function and `clipped_fraction` clips importance weights, so neither stands for a PPO metric.
 */
export const resultAliases = {
  mean_reward: 'signal.rl.reward_mean',
  mean_advantage: 'signal.rl.advantage_mean',
} as const;
