/** What README.md's snippets take as given: each gets those of these names that it uses and does not declare. */
import { createMetricsCollector, SignalMetrics } from 'signal-otel';

export const collector = createMetricsCollector({ runId: 'run_0123456789abcdef', userId: 'user_456' });
export const metrics = new SignalMetrics();

export const batch = [{ prompt: '1 + 1 =', completion: '2' }];

interface ForwardBackwardRequest {
  readonly batchData: typeof batch;
  readonly lossFn: string;
}

/** An answer of enhanced_ppo as the server gives it. */
export const result = {
  loss: 0.5,
  step: 1,
  grad_norm: 2.3,
  rl_metrics: null,
  metrics: { policy_loss: -2.3, kl_divergence: 0.01, mean_reward: 5.2, return_mean: 4.1 },
};

export const trainingClient = {
  async forwardBackward(_request: ForwardBackwardRequest) {
    return result;
  },
  async optimStep({ learningRate }: { readonly learningRate: number }) {
    return { step: 2, learning_rate: learningRate, metrics: {} };
  },
  async sample({ prompts }: { readonly prompts: readonly string[] }) {
    return { outputs: prompts.map((prompt) => `${prompt} 2`) };
  },
  async saveState() {
    return { checkpoint_path: 'checkpoints/1' };
  },
};
