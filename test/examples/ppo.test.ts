import { describe, expect, test } from 'vitest';
import { gaussian, seededRandom } from '../../examples/random.ts';
import { estimateAdvantages, type Segment, type Transition } from '../../examples/training-server/advantage.ts';
import { ActorCritic } from '../../examples/training-server/network.ts';
import { Adam, gradientStats } from '../../examples/training-server/optimizer.ts';
import { logSoftmax, sampleAction } from '../../examples/training-server/policy.ts';
import { lossFunctions, type PpoSettings, ppoLoss } from '../../examples/training-server/ppo.ts';
import { at, euclideanNorm } from '../../examples/training-server/vector.ts';

const settings: PpoSettings = { clipEpsilon: 0.2, valueCoef: 0.5, entropyCoef: 0.05, gamma: 0.5, gaeLambda: 1 };

function randomObservation(random: () => number): Float64Array {
  return Float64Array.from({ length: 4 }, () => gaussian(random));
}

/** Old log-probabilities of many values, so that some ratios are clipped and some are not. */
function randomTransitions(count: number): Transition[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, () => ({
    observation: randomObservation(random),
    action: random() < 0.5 ? 0 : 1,
    logProb: Math.log(0.2 + 0.7 * random()),
    value: 0,
    advantage: gaussian(random),
    discountedReturn: 3 * gaussian(random),
  }));
}

function segment(changes: Partial<Segment> = {}): Segment {
  const random = seededRandom(5);
  return {
    observations: Array.from({ length: 3 }, () => randomObservation(random)),
    actions: Float64Array.of(0, 1, 1),
    rewards: Float64Array.of(1, 2, 3),
    dones: [false, true, false],
    logProbs: Float64Array.of(-0.7, -0.6, -0.8),
    nextObservation: randomObservation(random),
    episodeReturns: undefined,
    ...changes,
  };
}

describe('gradients', () => {
  test('agree with finite differences of the loss, for every parameter', () => {
    const network = new ActorCritic(seededRandom(1));
    const { values, gradients } = network.parameters;
    const transitions = randomTransitions(12);
    // Away from the nearly uniform start, where every gradient of the entropy is close to 0.
    for (const index of values.keys()) {
      values[index] = at(values, index) + 0.1 * Math.sin(index);
    }
    expect(ppoLoss(network, transitions, settings).clipFraction).toBeGreaterThan(0.2);
    const analytic = gradients.slice();

    const step = 1e-5;
    const lossWith = (index: number, value: number) => {
      const before = at(values, index);
      values[index] = value;
      const { loss } = ppoLoss(network, transitions, settings);
      values[index] = before;
      return loss;
    };
    for (const index of values.keys()) {
      const numeric =
        (lossWith(index, at(values, index) + step) - lossWith(index, at(values, index) - step)) / (2 * step);
      const error = Math.abs(numeric - at(analytic, index));
      expect(error, `parameter ${index}`).toBeLessThan(1e-5 * (1 + Math.abs(numeric)));
    }
  });

  test('add up over calls', () => {
    const network = new ActorCritic(seededRandom(1));
    const { gradients } = network.parameters;
    ppoLoss(network, randomTransitions(4), settings);
    const once = gradients.slice();
    ppoLoss(network, randomTransitions(4), settings);
    expect(at(gradients, 0)).toBeCloseTo(2 * at(once, 0), 12);
  });

  test('are described by their norms, as a whole and by tensor', () => {
    const network = new ActorCritic(seededRandom(1));
    const { gradients, tensors } = network.parameters;
    expect(gradientStats(tensors)).toEqual({
      grad_norm: 0,
      grad_max: 0,
      grad_min: 0,
      grad_mean: 0,
      params_with_grad: 0,
    });
    ppoLoss(network, randomTransitions(4), settings);
    const stats = gradientStats(tensors);
    expect(stats.grad_norm).toBeCloseTo(euclideanNorm(gradients), 9);
    expect(stats.params_with_grad).toBe(8);
    expect(stats.grad_min).toBeLessThan(stats.grad_mean);
    expect(stats.grad_mean).toBeLessThan(stats.grad_max);
  });
});

describe('Adam', () => {
  test('moves each parameter by the learning rate at first, against its gradient, and clears the gradients', () => {
    const { parameters } = new ActorCritic(seededRandom(1));
    const before = parameters.values.slice();
    parameters.gradients[0] = 1000;
    parameters.gradients[1] = -1;
    new Adam(parameters).step(0.01);
    expect(at(parameters.values, 0) - at(before, 0)).toBeCloseTo(-0.01, 6);
    expect(at(parameters.values, 1) - at(before, 1)).toBeCloseTo(0.01, 6);
    expect(at(parameters.values, 2)).toBe(at(before, 2));
    expect(euclideanNorm(parameters.gradients)).toBe(0);
  });
});

describe('advantages', () => {
  test('stop at the end of an episode and go on from the value of the next observation', () => {
    const network = new ActorCritic(seededRandom(1));
    const steps = segment();
    const transitions = estimateAdvantages(network, steps, settings);
    const returns = transitions.map((transition) => transition.discountedReturn);
    expect(returns[0]).toBeCloseTo(1 + 0.5 * 2, 12);
    expect(returns[1]).toBeCloseTo(2, 12);
    expect(returns[2]).toBeCloseTo(3 + 0.5 * network.value(steps.nextObservation), 12);
    for (const [index, observation] of steps.observations.entries()) {
      expect(transitions[index]?.value).toBe(network.value(observation));
    }
  });
});

describe('loss', () => {
  test('has no KL divergence and clips nothing while the policy is the one that acted', () => {
    const network = new ActorCritic(seededRandom(1));
    const observation = Float64Array.of(0.1, 0.2, 0.3, 0.4);
    const logProb = at(logSoftmax(network.policy.forward(observation)), 1);
    const transition = { observation, action: 1, logProb, value: 0, advantage: 1, discountedReturn: 0 };
    const loss = ppoLoss(network, [transition], settings);
    expect(loss.kl).toBeCloseTo(0, 12);
    expect(loss.approxKl).toBeCloseTo(0, 12);
    expect(loss.clipFraction).toBe(0);
    expect(loss.entropy).toBeCloseTo(Math.log(2), 2);
  });

  test('tells the exact KL divergence of the old distribution from the new one', () => {
    const network = new ActorCritic(seededRandom(1));
    const observation = Float64Array.of(0.1, 0.2, 0.3, 0.4);
    const [newLeft = Number.NaN, newRight = Number.NaN] = logSoftmax(network.policy.forward(observation));
    const transition = { observation, action: 0, logProb: Math.log(0.8), value: 0, advantage: 1, discountedReturn: 0 };
    const expected = 0.8 * (Math.log(0.8) - newLeft) + 0.2 * (Math.log(0.2) - newRight);
    expect(ppoLoss(network, [transition], settings).kl).toBeCloseTo(expected, 12);
    const certain = { ...transition, logProb: 0 };
    expect(ppoLoss(network, [certain], settings).kl).toBeCloseTo(-newLeft, 12);
  });

  test('reward_mean is the mean return of the reported episodes, else the mean reward', () => {
    const network = new ActorCritic(seededRandom(1));
    const reported = segment({ episodeReturns: Float64Array.of(10, 30) });
    expect(lossFunctions.enhanced_ppo(network, [segment(), reported], settings).reward_mean).toBe(20);
    expect(lossFunctions.enhanced_ppo(network, [segment()], settings).reward_mean).toBe(2);
  });

  test('falls as the network learns one batch', () => {
    const network = new ActorCritic(seededRandom(1));
    const adam = new Adam(network.parameters);
    const transitions = randomTransitions(32);
    const first = ppoLoss(network, transitions, settings);
    for (let step = 0; step < 50; step++) {
      adam.step(1e-3);
      ppoLoss(network, transitions, settings);
    }
    const last = ppoLoss(network, transitions, settings);
    expect(last.policyLoss).toBeLessThan(first.policyLoss);
    expect(last.valueLoss).toBeLessThan(first.valueLoss);
  });
});

describe('sampling', () => {
  const logProbs = Float64Array.of(Math.log(0.3), Math.log(0.7));
  const countRight = (temperature: number, topP: number) => {
    const random = seededRandom(9);
    const draws = Array.from({ length: 2000 }, () => sampleAction(logProbs, { temperature, topP }, random));
    return draws.filter((action) => action === 1).length / draws.length;
  };

  test('follows the probabilities', () => {
    expect(countRight(1, 1)).toBeCloseTo(0.7, 1);
  });

  test('temperature sharpens, and 0 takes the most probable action', () => {
    expect(countRight(0.5, 1)).toBeCloseTo(0.49 / 0.58, 1);
    expect(countRight(0, 1)).toBe(1);
  });

  test('top_p leaves the less probable action out once the other makes it up', () => {
    expect(countRight(1, 0.6)).toBe(1);
    expect(countRight(1, 0.9)).toBeCloseTo(0.7, 1);
  });
});
