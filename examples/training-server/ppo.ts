import { type Discounting, estimateAdvantages, type Segment, type Transition } from './advantage.ts';
import type { ActorCritic } from './network.ts';
import { logSoftmax } from './policy.ts';
import { at, mean, sum, variance } from './vector.ts';

export interface PpoSettings extends Discounting {
  readonly clipEpsilon: number;
  readonly valueCoef: number;
  readonly entropyCoef: number;
}

/** Flat scalars, one of them `loss`. */
export type LossMetrics = { readonly loss: number } & Readonly<Record<string, number>>;

/** Adds the gradients of the batch's mean loss to the network and tells what it saw. */
export type LossFunction = (network: ActorCritic, batch: readonly Segment[], settings: PpoSettings) => LossMetrics;

interface PolicyTerm {
  readonly loss: number;
  readonly entropy: number;
  readonly kl: number;
  readonly approxKl: number;
  readonly clipped: boolean;
  readonly logitGradients: Float64Array;
}

/** What one transition adds to the policy's loss, and the gradient of that with respect to the logits. */
function policyTerm(
  logits: Float64Array,
  transition: Transition,
  advantage: number,
  settings: PpoSettings,
): PolicyTerm {
  const { clipEpsilon, entropyCoef } = settings;
  const logProbs = logSoftmax(logits);
  const logProb = at(logProbs, transition.action);
  const logRatio = logProb - transition.logProb;
  const ratio = Math.exp(logRatio);
  const clippedRatio = Math.min(Math.max(ratio, 1 - clipEpsilon), 1 + clipEpsilon);
  const surrogate = Math.min(ratio * advantage, clippedRatio * advantage);
  // Where the clipped ratio is the smaller of the two, the surrogate is constant.
  const surrogateSlope = ratio * advantage <= surrogate ? ratio * advantage : 0;
  const entropy = -sum(logProbs.map((each) => Math.exp(each) * each));
  return {
    loss: -surrogate,
    entropy,
    kl: binaryKl(transition.logProb, logProb, at(logProbs, 1 - transition.action)),
    approxKl: ratio - 1 - logRatio,
    clipped: Math.abs(ratio - 1) > clipEpsilon,
    logitGradients: logProbs.map((each, action) => {
      const probability = Math.exp(each);
      const taken = action === transition.action ? 1 : 0;
      return -surrogateSlope * (taken - probability) + entropyCoef * probability * (each + entropy);
    }),
  };
}

/**
 * KL(old || new), exact: with two actions the log-probability of the one taken tells the whole old distribution.
 */
function binaryKl(oldTaken: number, newTaken: number, newOther: number): number {
  const taken = Math.exp(oldTaken);
  const other = -Math.expm1(oldTaken);
  const otherTerm = other === 0 ? 0 : other * (Math.log(other) - newOther);
  // Equal distributions can come out below zero by a rounding error.
  return Math.max(0, taken * (oldTaken - newTaken) + otherTerm);
}

export interface PpoLoss {
  readonly loss: number;
  readonly policyLoss: number;
  readonly valueLoss: number;
  readonly entropy: number;
  readonly kl: number;
  readonly approxKl: number;
  readonly clipFraction: number;
}

/** The clipped loss of PPO (Schulman et al. 2017) with advantages normalised over the batch; adds its gradients. */
export function ppoLoss(network: ActorCritic, transitions: readonly Transition[], settings: PpoSettings): PpoLoss {
  const advantages = transitions.map((transition) => transition.advantage);
  const center = mean(advantages);
  const deviation = Math.sqrt(variance(advantages)) + 1e-8;
  const terms: PolicyTerm[] = [];
  const squaredErrors: number[] = [];
  for (const transition of transitions) {
    const advantage = (transition.advantage - center) / deviation;
    const term = policyTerm(network.policy.forward(transition.observation), transition, advantage, settings);
    network.policy.backward(term.logitGradients.map((gradient) => gradient / transitions.length));
    terms.push(term);
    const error = network.value(transition.observation) - transition.discountedReturn;
    network.backwardValue((2 * settings.valueCoef * error) / transitions.length);
    squaredErrors.push(error ** 2);
  }
  const policyLoss = mean(terms.map((term) => term.loss));
  const valueLoss = mean(squaredErrors);
  const entropy = mean(terms.map((term) => term.entropy));
  return {
    loss: policyLoss + settings.valueCoef * valueLoss - settings.entropyCoef * entropy,
    policyLoss,
    valueLoss,
    entropy,
    kl: mean(terms.map((term) => term.kl)),
    approxKl: mean(terms.map((term) => term.approxKl)),
    clipFraction: terms.filter((term) => term.clipped).length / terms.length,
  };
}

function enhancedPpo(network: ActorCritic, batch: readonly Segment[], settings: PpoSettings) {
  const transitions = batch.flatMap((segment) => estimateAdvantages(network, segment, settings));
  const { loss, policyLoss, valueLoss, entropy, kl, approxKl, clipFraction } = ppoLoss(network, transitions, settings);
  const advantages = transitions.map((transition) => transition.advantage);
  const returns = transitions.map((transition) => transition.discountedReturn);
  return {
    loss,
    policy_loss: policyLoss,
    value_loss: valueLoss,
    entropy,
    kl_divergence: kl,
    approx_kl: approxKl,
    clip_fraction: clipFraction,
    advantage_mean: mean(advantages),
    advantage_std: Math.sqrt(variance(advantages)),
    // A return is value + advantage, so the advantages are what the values left unexplained.
    explained_variance: 1 - variance(advantages) / (variance(returns) + 1e-8),
    value_mean: mean(transitions.map((transition) => transition.value)),
    return_mean: mean(returns),
    reward_mean: rewardMean(batch),
  };
}

/** The same loss with the fewer keys, and other names, that `ppo` answers with. */
function ppo(network: ActorCritic, batch: readonly Segment[], settings: PpoSettings) {
  const enhanced = enhancedPpo(network, batch, settings);
  return {
    loss: enhanced.loss,
    policy_loss: enhanced.policy_loss,
    value_loss: enhanced.value_loss,
    entropy: enhanced.entropy,
    mean_advantage: enhanced.advantage_mean,
    advantage_std: enhanced.advantage_std,
  };
}

/** Mean return of the episodes that the driver reports, or mean reward of a step where it reports none. */
function rewardMean(batch: readonly Segment[]): number {
  const returns = batch.flatMap((segment) => [...(segment.episodeReturns ?? [])]);
  return mean(returns.length > 0 ? returns : batch.flatMap((segment) => [...segment.rewards]));
}

export const lossNames = ['ppo', 'enhanced_ppo'] as const;

export type LossName = (typeof lossNames)[number];

export const lossFunctions: Readonly<Record<LossName, LossFunction>> = { ppo, enhanced_ppo: enhancedPpo };
