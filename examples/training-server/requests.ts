import type { Segment } from './advantage.ts';
import type { JsonReader } from './json-reader.ts';
import { actionCount, observationSize } from './network.ts';
import type { SamplingSettings } from './policy.ts';
import { type LossName, lossNames, type PpoSettings } from './ppo.ts';

const maxBatchItems = 128;
const maxSegmentSteps = 4096;
const maxPrompts = 1024;
const learningRateRange = { above: 0, max: 1 };

export interface RunConfig {
  readonly base_model: string;
  readonly gpu_config: string | null;
  readonly lora_r: number;
  readonly lora_alpha: number;
  readonly learning_rate: number;
  /** Not in Signal's API: makes the run's weights and samples repeatable. */
  readonly seed: number;
}

export interface ForwardBackwardRequest {
  readonly batch: readonly Segment[];
  readonly accumulate: boolean;
  readonly lossName: LossName;
  readonly settings: PpoSettings;
  readonly requestId: string | undefined;
}

export interface OptimStepRequest {
  readonly learningRate: number | undefined;
}

export interface SampleRequest extends SamplingSettings {
  readonly observations: readonly Float64Array[];
  readonly returnLogProbs: boolean;
}

export interface SaveStateRequest {
  readonly mode: 'adapter' | 'merged';
  readonly pushToHub: boolean;
}

export function readRunConfig(body: JsonReader): RunConfig {
  return {
    base_model: body
      .field('base_model')
      .stringMatching(/^(?!.*\.\.)[^/]+\/.+$/, "Model name must be in format 'org/model-name'"),
    gpu_config: body.field('gpu_config').optional((value) => value.string()) ?? null,
    lora_r: body.field('lora_r').or(32).integer({ min: 1, max: 512 }),
    lora_alpha: body.field('lora_alpha').or(32).integer({ min: 1, max: 1024 }),
    learning_rate: body.field('learning_rate').or(3e-4).number(learningRateRange),
    seed: body
      .field('seed')
      .or(0)
      .integer({ min: 0, max: 2 ** 32 - 1 }),
  };
}

export function readForwardBackward(body: JsonReader): ForwardBackwardRequest {
  return {
    // First, because the other losses take other items. The default is Signal's and refused: there is no text here.
    lossName: body.field('loss_fn').or('causal_lm').oneOf(lossNames),
    batch: body.field('batch_data').items({ min: 1, max: maxBatchItems }).map(readSegment),
    accumulate: body.field('accumulate').or(false).boolean(),
    settings: readSettings(body.field('loss_kwargs').or({})),
    requestId: body.field('request_id').optional((value) => value.string()),
  };
}

export function readOptimStep(body: JsonReader): OptimStepRequest {
  return { learningRate: body.field('learning_rate').optional((value) => value.number(learningRateRange)) };
}

/** A prompt is an observation as JSON text: `"[0.01, -0.2, 0.03, 0.4]"`. */
export function readSample(body: JsonReader): SampleRequest {
  // Every output is a single token, so any limit is kept.
  body.field('max_tokens').or(1).integer({ min: 1 });
  return {
    observations: body.field('prompts').items({ min: 1, max: maxPrompts }).map(readPrompt),
    temperature: body.field('temperature').or(0.7).number({ min: 0 }),
    topP: body.field('top_p').or(0.9).number({ above: 0, max: 1 }),
    returnLogProbs: body.field('return_logprobs').or(false).boolean(),
  };
}

export function readSaveState(body: JsonReader): SaveStateRequest {
  return {
    mode: body.field('mode').or('adapter').oneOf(['adapter', 'merged']),
    pushToHub: body.field('push_to_hub').or(false).boolean(),
  };
}

function readSettings(lossKwargs: JsonReader): PpoSettings {
  return {
    clipEpsilon: lossKwargs.field('clip_epsilon').or(0.2).number({ above: 0, max: 1 }),
    valueCoef: lossKwargs.field('value_coef').or(0.5).number({ min: 0 }),
    entropyCoef: lossKwargs.field('entropy_coef').or(0.01).number({ min: 0 }),
    gamma: lossKwargs.field('gamma').or(0.99).number({ min: 0, max: 1 }),
    gaeLambda: lossKwargs.field('gae_lambda').or(0.95).number({ min: 0, max: 1 }),
  };
}

function readSegment(item: JsonReader): Segment {
  const observations = item.field('observations').items({ min: 1, max: maxSegmentSteps }).map(readObservation);
  const length = { min: observations.length, max: observations.length };
  return {
    observations,
    actions: Float64Array.from(item.field('actions').items(length), (action) =>
      action.integer({ min: 0, max: actionCount - 1 }),
    ),
    rewards: item.field('rewards').numbers(length),
    dones: item
      .field('dones')
      .items(length)
      .map((done) => done.boolean()),
    logProbs: item.field('logprobs').numbers(length, { max: 0 }),
    nextObservation: readObservation(item.field('next_observation')),
    episodeReturns: item.field('episode_returns').optional((value) => value.numbers({ min: 0, max: maxSegmentSteps })),
  };
}

function readPrompt(prompt: JsonReader): Float64Array {
  return readObservation(prompt.parsed());
}

function readObservation(value: JsonReader): Float64Array {
  return value.numbers({ min: observationSize, max: observationSize });
}
