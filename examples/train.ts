import { writeFile } from 'node:fs/promises';
import { trace } from '@opentelemetry/api';
import { createMetricsCollector, type MetricsCollector } from 'signal-otel';
import { readOptions, type TrainOptions, UsageError, usage } from './options.ts';
import { ProgressLine } from './progress.ts';
import { type Random, seededRandom, shuffled } from './random.ts';
import { TrainingReport } from './report.ts';
import { EnvironmentPool } from './rollout.ts';
import { type BatchItem, SignalApiError, SignalClient, type TrainingClient } from './signal-client.ts';

const environments = 16;
const stepsPerRollout = 128;
const epochs = 4;
const itemsPerBatch = 4;
/** Two operations and their answers: the report's percentiles are of the whole run. */
const entriesPerStep = 4;
const lossKwargs = { clip_epsilon: 0.2, value_coef: 0.5, entropy_coef: 0.01, gamma: 0.98, gae_lambda: 0.95 };

const tracer = trace.getTracer('train');

interface TrainingContext {
  readonly training: TrainingClient;
  readonly collector: MetricsCollector;
  readonly report: TrainingReport;
  readonly learningRate: number;
}

/** One optimizer step: both operations under one span, their answers into the collector. */
function trainStep(context: TrainingContext, batchData: readonly BatchItem[]): Promise<void> {
  const { training, collector, report, learningRate } = context;
  return tracer.startActiveSpan('train.step', async (span) => {
    try {
      const pass = await collector.timeOperation('forward_backward', () =>
        training.forwardBackward({ batchData, lossFn: 'enhanced_ppo', lossKwargs }),
      );
      collector.collectResult(pass);
      report.recordValues({ ...pass.metrics, loss: pass.loss, grad_norm: pass.grad_norm });

      const update = await collector.timeOperation('optim_step', () => training.optimStep({ learningRate }));
      collector.collectResult(update);
      report.recordUpdate({ step: update.step, learning_rate: update.learning_rate });
    } finally {
      span.end();
    }
  });
}

/** Every item once an epoch, in a new order each time. */
function minibatches(items: readonly BatchItem[], random: Random): BatchItem[][] {
  return Array.from({ length: epochs }, () => shuffled(items, random)).flatMap((order) =>
    Array.from({ length: Math.ceil(order.length / itemsPerBatch) }, (_, index) =>
      order.slice(index * itemsPerBatch, (index + 1) * itemsPerBatch),
    ),
  );
}

/** Trains until the target or the step limit. */
async function trainLoop(context: TrainingContext, options: TrainOptions): Promise<void> {
  const { training, report } = context;
  const random = seededRandom(options.seed);
  const pool = new EnvironmentPool(environments, random);
  const progress = new ProgressLine(process.stdout);
  try {
    while (!report.isAbove(options.targetReward) && report.optimSteps < options.steps) {
      const { batch, finishedReturns } = await pool.collect(training, stepsPerRollout);
      report.recordRollout(environments * stepsPerRollout, finishedReturns);
      for (const items of minibatches(batch, random).slice(0, options.steps - report.optimSteps)) {
        await trainStep(context, items);
      }
      progress.update(report.progressLine());
    }
  } finally {
    progress.end();
  }
}

async function main(options: TrainOptions): Promise<void> {
  const client = new SignalClient(options);
  const run = await client.createRun({
    base_model: 'examples/cartpole-mlp',
    learning_rate: options.learningRate,
    seed: options.seed,
  });
  const training = client.getTrainingClient(run.run_id);
  const collector = createMetricsCollector({
    runId: run.run_id,
    userId: run.user_id,
    model: run.base_model,
    tags: ['team:ml'],
    historySize: options.steps * entriesPerStep,
  });
  const report = new TrainingReport(collector);
  try {
    await trainLoop({ training, collector, report, learningRate: options.learningRate }, options);
    const { checkpoint_path } = await training.saveState();
    await training.complete();
    console.log(report.summary());
    console.log(`  checkpoint  ${checkpoint_path}`);
    if (options.json !== undefined) {
      await writeFile(options.json, `${JSON.stringify(report.toJson(), null, 2)}\n`);
    }
  } finally {
    collector.end();
  }
}

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === undefined) {
    console.log(usage);
  } else {
    await main(options);
  }
} catch (error) {
  if (!(error instanceof UsageError || error instanceof SignalApiError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
