import type { Random } from '../random.ts';
import { at, sum } from './vector.ts';

export function logSoftmax(logits: Float64Array): Float64Array {
  const largest = Math.max(...logits);
  const normalizer = largest + Math.log(sum(logits.map((logit) => Math.exp(logit - largest))));
  return logits.map((logit) => logit - normalizer);
}

export interface SamplingSettings {
  /** 0 always takes the most probable action. */
  readonly temperature: number;
  readonly topP: number;
}

export function sampleAction(logProbs: Float64Array, settings: SamplingSettings, random: Random): number {
  if (settings.temperature === 0) {
    return logProbs.indexOf(Math.max(...logProbs));
  }
  const tempered = logSoftmax(logProbs.map((logProb) => logProb / settings.temperature)).map(Math.exp);
  return draw(nucleus(tempered, settings.topP), random);
}

/** Keeps the most probable actions until they make up `topP`. */
function nucleus(probabilities: Float64Array, topP: number): Float64Array {
  const kept = new Float64Array(probabilities.length);
  let total = 0;
  for (const [action, probability] of [...probabilities.entries()].sort(([, a], [, b]) => b - a)) {
    if (total >= topP) {
      break;
    }
    kept[action] = probability;
    total += probability;
  }
  return kept;
}

/** The weights need not add up to 1. */
function draw(weights: Float64Array, random: Random): number {
  let left = random() * sum(weights);
  for (let action = 0; action < weights.length - 1; action++) {
    left -= at(weights, action);
    if (left < 0) {
      return action;
    }
  }
  return weights.length - 1;
}
