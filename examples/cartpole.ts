import type { Random } from './random.ts';

// The constants of OpenAI Gym's CartPole-v0.
const gravity = 9.8;
const cartMass = 1;
const poleMass = 0.1;
const totalMass = cartMass + poleMass;
const halfPoleLength = 0.5;
const force = 10;
const stepSeconds = 0.02;
const trackLimit = 2.4;
const angleLimit = (12 * Math.PI) / 180;
const resetSpread = 0.05;

/** An episode ends here at the latest, so this is also the highest return. */
export const maxEpisodeSteps = 200;

/** Cart position, cart velocity, pole angle (radians), pole's angular velocity. */
export type Observation = readonly [number, number, number, number];

/** 0 pushes the cart left, 1 right. */
export type Action = 0 | 1;

/** A pole on a cart: keep it upright. Every step gives a reward of 1. */
export class CartPole {
  readonly #random: Random;
  #state: Observation;
  #steps = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#state = this.#initialState();
  }

  get observation(): Observation {
    return this.#state;
  }

  reset(): void {
    this.#state = this.#initialState();
    this.#steps = 0;
  }

  /** Returns true where the episode ended: the pole fell, the cart left its track, or the time was up. */
  step(action: Action): boolean {
    const [position, velocity, angle, angularVelocity] = this.#state;
    const push = action === 1 ? force : -force;
    const swing = (push + poleMass * halfPoleLength * angularVelocity ** 2 * Math.sin(angle)) / totalMass;
    const angularAcceleration =
      (gravity * Math.sin(angle) - Math.cos(angle) * swing) /
      (halfPoleLength * (4 / 3 - (poleMass * Math.cos(angle) ** 2) / totalMass));
    const acceleration = swing - (poleMass * halfPoleLength * angularAcceleration * Math.cos(angle)) / totalMass;

    const nextPosition = position + stepSeconds * velocity;
    const nextAngle = angle + stepSeconds * angularVelocity;
    this.#state = [
      nextPosition,
      velocity + stepSeconds * acceleration,
      nextAngle,
      angularVelocity + stepSeconds * angularAcceleration,
    ];
    this.#steps += 1;
    return Math.abs(nextPosition) > trackLimit || Math.abs(nextAngle) > angleLimit || this.#steps >= maxEpisodeSteps;
  }

  #initialState(): Observation {
    const draw = () => (this.#random() * 2 - 1) * resetSpread;
    return [draw(), draw(), draw(), draw()];
  }
}
