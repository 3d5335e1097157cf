import { expect, test } from 'vitest';
import { CartPole, maxEpisodeSteps } from '../../examples/cartpole.ts';
import { seededRandom } from '../../examples/random.ts';

/** Draws that put every coordinate of the first state at 0. */
const centered = () => 0.5;

test('moves as the original does', () => {
  const environment = new CartPole(centered);
  expect(environment.step(1)).toBe(false);
  const [position, velocity, angle, angularVelocity] = environment.observation;
  expect([position, angle]).toEqual([0, 0]);
  expect(velocity).toBeCloseTo(0.1951219512, 9);
  expect(angularVelocity).toBeCloseTo(-0.2926829268, 9);
});

test('the pole falls when the cart is pushed one way only', () => {
  const environment = new CartPole(seededRandom(1));
  let steps = 1;
  while (!environment.step(1)) {
    steps += 1;
  }
  expect(steps).toBeGreaterThan(5);
  expect(steps).toBeLessThan(15);
  expect(Math.abs(environment.observation[2])).toBeGreaterThan((12 * Math.PI) / 180);
});

test('a pole kept upright ends at the step limit, and reset starts anew', () => {
  const environment = new CartPole(seededRandom(2));
  const keepUpright = () => {
    const [, velocity, angle, angularVelocity] = environment.observation;
    return environment.step(angle + 0.3 * angularVelocity + 0.02 * velocity > 0 ? 1 : 0);
  };
  for (const _episode of [1, 2]) {
    let steps = 1;
    while (!keepUpright()) {
      steps += 1;
    }
    expect(steps).toBe(maxEpisodeSteps);
    environment.reset();
  }
});

test('the same seed gives the same episode', () => {
  expect(new CartPole(seededRandom(7)).observation).toEqual(new CartPole(seededRandom(7)).observation);
  expect(new CartPole(seededRandom(7)).observation).not.toEqual(new CartPole(seededRandom(8)).observation);
});
