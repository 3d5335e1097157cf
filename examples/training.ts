import type { TrainOptions } from './options.ts';
import { ProgressLine } from './progress.ts';
import { type Random, seededRandom, shuffled } from './random.ts';
import type { TrainingReport } from './report.ts';
import { EnvironmentPool } from './rollout.ts';
import type { BatchItem, ForwardBackwardRequest, Run, SignalClient, TrainingClient } from './signal-client.ts';

const environments = 16;
const stepsPerRollout = 128;
const epochs = 4;
const itemsPerBatch = 4;
const lossKwargs = { clip_epsilon: 0.2, value_coef: 0.5, entropy_coef: 0.01, gamma: 0.98, gae_lambda: 0.95 };

export function createRun(client: SignalClient, { learningRate, seed }: TrainOptions): Promise<Run> {
  return client.createRun({ base_model: 'examples/cartpole-mlp', learning_rate: learningRate, seed });
}

export function ppoRequest(batchData: readonly BatchItem[]): ForwardBackwardRequest {
  return { batchData, lossFn: 'enhanced_ppo', lossKwargs };
}

const divergence = 100;

/** The learning rate of an optimizer step, counted from 0. */
export function learningRateAt(step: number, { learningRate, diverge }: TrainOptions): number {
  const isDiverging = diverge !== undefined && step >= diverge.from && step < diverge.to;
  return isDiverging ? learningRate * divergence : learningRate;
}

export interface Trainee {
  readonly training: TrainingClient;
  readonly report: TrainingReport;
  /** One optimizer step, and its values into the report. */
  takeStep(batchData: readonly BatchItem[]): Promise<void>;
}

/** Trains until the target or the step limit. */
export async function trainLoop({ training, report, takeStep }: Trainee, options: TrainOptions): Promise<void> {
  const random = seededRandom(options.seed);
  const pool = new EnvironmentPool(environments, random);
  const progress = options.quiet ? undefined : new ProgressLine(process.stdout);
  try {
    while (!report.isAbove(options.targetReward) && report.optimSteps < options.steps) {
      const { batch, finishedReturns } = await pool.collect(training, stepsPerRollout);
      report.recordRollout(environments * stepsPerRollout, finishedReturns);
      for (const items of minibatches(batch, random).slice(0, options.steps - report.optimSteps)) {
        await takeStep(items);
      }
      progress?.update(report.progressLine());
    }
  } finally {
    progress?.end();
  }
}

/** Every item once an epoch, in a new order each time. */
function minibatches(items: readonly BatchItem[], random: Random): BatchItem[][] {
  return Array.from({ length: epochs }, () => shuffled(items, random)).flatMap((order) =>
    Array.from({ length: Math.ceil(order.length / itemsPerBatch) }, (_, index) =>
      order.slice(index * itemsPerBatch, (index + 1) * itemsPerBatch),
    ),
  );
}
