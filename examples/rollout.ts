import { type Action, CartPole, type Observation } from './cartpole.ts';
import type { Random } from './random.ts';
import type { BatchItem, TrainingClient } from './signal-client.ts';

interface Decision {
  readonly action: Action;
  readonly logProb: number;
}

/** One environment, the segment being recorded in it and the returns of its episodes. */
class Actor {
  readonly #environment: CartPole;
  #episodeReturn = 0;
  #lastReturn: number | undefined;
  #segment = emptySegment();

  constructor(random: Random) {
    this.#environment = new CartPole(random);
  }

  get observation(): Observation {
    return this.#environment.observation;
  }

  act({ action, logProb }: Decision): void {
    this.#segment.observations.push(this.observation);
    this.#segment.actions.push(action);
    this.#segment.logprobs.push(logProb);
    const done = this.#environment.step(action);
    this.#segment.rewards.push(1);
    this.#segment.dones.push(done);
    this.#episodeReturn += 1;
    if (done) {
      this.#segment.episodeReturns.push(this.#episodeReturn);
      this.#lastReturn = this.#episodeReturn;
      this.#episodeReturn = 0;
      this.#environment.reset();
    }
  }

  /** Hands over the recorded steps and starts a new segment. */
  takeSegment(): { readonly item: BatchItem; readonly finishedReturns: readonly number[] } {
    const { episodeReturns, ...steps } = this.#segment;
    this.#segment = emptySegment();
    // An episode longer than the segment ends in none: then the last known return stands for this environment.
    const known = this.#lastReturn === undefined ? [] : [this.#lastReturn];
    const reported = episodeReturns.length > 0 ? episodeReturns : known;
    return {
      item: { ...steps, next_observation: this.observation, episode_returns: reported },
      finishedReturns: episodeReturns,
    };
  }
}

function emptySegment() {
  return {
    observations: [] as Observation[],
    actions: [] as Action[],
    rewards: [] as number[],
    dones: [] as boolean[],
    logprobs: [] as number[],
    episodeReturns: [] as number[],
  };
}

export interface Rollout {
  readonly batch: readonly BatchItem[];
  /** Returns of the episodes that ended in this rollout. */
  readonly finishedReturns: readonly number[];
}

/** Environments that step together, so that one `sample` call decides for all of them. */
export class EnvironmentPool {
  readonly #actors: readonly Actor[];

  constructor(size: number, random: Random) {
    this.#actors = Array.from({ length: size }, () => new Actor(random));
  }

  async collect(training: TrainingClient, steps: number): Promise<Rollout> {
    for (let step = 0; step < steps; step++) {
      const decisions = await decide(
        training,
        this.#actors.map((actor) => actor.observation),
      );
      for (const [index, decision] of decisions.entries()) {
        this.#actors[index]?.act(decision);
      }
    }
    const segments = this.#actors.map((actor) => actor.takeSegment());
    return {
      batch: segments.map(({ item }) => item),
      finishedReturns: segments.flatMap(({ finishedReturns }) => finishedReturns),
    };
  }
}

async function decide(training: TrainingClient, observations: readonly Observation[]): Promise<Decision[]> {
  const { token_ids, logprobs } = await training.sample({
    prompts: observations.map((observation) => JSON.stringify(observation)),
    maxTokens: 1,
    temperature: 1,
    topP: 1,
    returnLogprobs: true,
  });
  return observations.map((_observation, index) => {
    const logProb = logprobs?.[index]?.[0];
    if (logProb === undefined) {
      throw new Error('The sample answer has no log-probability for every prompt');
    }
    return { action: token_ids[index]?.[0] === 1 ? 1 : 0, logProb };
  });
}
