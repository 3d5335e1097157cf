import { ATTRIBUTES } from '../support/workload.ts';

export const API_KEY = 'sk-0123456789abcdef';

/** The kinds of requests. */
export const SMALL = 0;
export const LARGE = 1;
export const OTHER = 2;
export const COMPUTED = 3;

/** A POST to this machine, as a client sends it; made before anything is measured. */
export interface Exchange {
  readonly port: number;
  readonly path: string;
  readonly body: string;
}

const FORWARD_BACKWARD = `/runs/${ATTRIBUTES.run_id}/forward_backward`;
export const OTHER_PATH = '/v1/other';

/** By the kinds of requests that are answered at once. */
export function fixedExchanges(port: number): readonly Exchange[] {
  const [small = '', large = ''] = bodies;
  return [
    { port, path: FORWARD_BACKWARD, body: small },
    { port, path: FORWARD_BACKWARD, body: large },
    { port, path: OTHER_PATH, body: small },
  ];
}

/** How many items the two requests have: about 2 kB of them and about 1 MB. */
export const BATCHES = [4, 128] as const;
const TOKENS = [66, 620] as const;

export const bodies: readonly string[] = BATCHES.map((items, size) =>
  JSON.stringify({
    batch_data: Array.from({ length: items }, (_, item) => itemOf(item, TOKENS[size] ?? 0)),
    accumulate: false,
    loss_fn: 'enhanced_ppo',
    loss_kwargs: { clip_range: 0.2, kl_coef: 0.05 },
  }),
);

function itemOf(item: number, tokens: number) {
  const numbers = Array.from({ length: tokens }, (_, at) => noise(item * tokens + at));
  return {
    prompt: 'Say "no" in one word,\n'.repeat(Math.ceil(tokens / 40)),
    tokens: numbers.map((number) => Math.floor(number * 1e5)),
    advantage: noise(item),
    logprobs: tokens > 100 ? numbers.map((number) => -number.toFixed(3)) : [],
  };
}

const rl = {
  policy_loss: -0.01834720376431942,
  value_loss: 0.4127364158630371,
  entropy: 1.2840831279754639,
  kl_divergence: 0.006183425150811672,
  approx_kl: 0.006021857261657715,
  clip_fraction: 0.1171875,
  advantage_mean: 0.00042113661766052246,
  advantage_std: 0.9998142123222351,
  explained_variance: 0.6132412552833557,
  value_mean: 0.3418271541595459,
  return_mean: 0.35712480545043945,
  reward_mean: 0.4375,
};

const gradients = {
  grad_norm: 0.8412736654281616,
  grad_max: 0.05127440392971039,
  grad_min: -0.04983721673488617,
  grad_mean: 0.000013527274380612653,
  params_with_grad: 112,
};

/** What Signal answers to a forward_backward with `enhanced_ppo`: each answer is one of its own, as they all are. */
export function answerOf(request: number): string {
  return JSON.stringify({
    loss: 0.1894720376431942,
    step: 117,
    grad_norm: gradients.grad_norm,
    grad_stats: gradients,
    request_id: `req_${String(request).padStart(16, '0')}`,
    status: 'completed',
    rl_metrics: rl,
    metrics: { loss: 0.1894720376431942, ...rl, ...gradients },
  });
}

function noise(at: number): number {
  const value = at * 0.754877666 + 0.1;
  return value - Math.floor(value);
}
