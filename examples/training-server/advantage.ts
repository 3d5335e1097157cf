import type { ActorCritic } from './network.ts';
import { at } from './vector.ts';

/** Consecutive steps of one environment: one item of `batch_data`. All arrays have the same length. */
export interface Segment {
  readonly observations: readonly Float64Array[];
  /** 0 or 1 per step. */
  readonly actions: Float64Array;
  readonly rewards: Float64Array;
  /** True where an episode ended with that step. */
  readonly dones: readonly boolean[];
  /** Log-probability of each action under the policy that took it. */
  readonly logProbs: Float64Array;
  /** What the environment shows after the last step: its value stands for the rewards still to come. */
  readonly nextObservation: Float64Array;
  readonly episodeReturns: Float64Array | undefined;
}

/** One step with what the loss needs to know of it. */
export interface Transition {
  readonly observation: Float64Array;
  readonly action: number;
  readonly logProb: number;
  readonly value: number;
  readonly advantage: number;
  readonly discountedReturn: number;
}

export interface Discounting {
  readonly gamma: number;
  readonly gaeLambda: number;
}

/** Generalized advantage estimation (Schulman et al. 2016) with the current value network. */
export function estimateAdvantages(network: ActorCritic, segment: Segment, discounting: Discounting): Transition[] {
  const transitions: Transition[] = [];
  let nextValue = network.value(segment.nextObservation);
  let nextAdvantage = 0;
  for (const [fromEnd, observation] of segment.observations.toReversed().entries()) {
    const index = segment.observations.length - 1 - fromEnd;
    const discount = segment.dones[index] ? 0 : discounting.gamma;
    const value = network.value(observation);
    const surprise = at(segment.rewards, index) + discount * nextValue - value;
    const advantage = surprise + discount * discounting.gaeLambda * nextAdvantage;
    transitions.push({
      observation,
      action: at(segment.actions, index),
      logProb: at(segment.logProbs, index),
      value,
      advantage,
      discountedReturn: advantage + value,
    });
    nextValue = value;
    nextAdvantage = advantage;
  }
  return transitions.reverse();
}
