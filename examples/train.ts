import { writeFile } from 'node:fs/promises';
import { trace } from '@opentelemetry/api';
import { createMetricsCollector, type MetricsCollector } from 'signal-otel';
import { measuredOperations, measuredSummary } from './measured.ts';
import { readOptions, type TrainOptions, usage } from './options.ts';
import { runProgram } from './program.ts';
import { TrainingReport } from './report.ts';
import { type BatchItem, SignalClient, type TrainingClient } from './signal-client.ts';
import { createRun, learningRateAt, ppoRequest, trainLoop } from './training.ts';

/** Two operations and their answers: the report's percentiles are of the whole run. */
const entriesPerStep = 4;

const tracer = trace.getTracer('train');

interface TrainingContext {
  readonly training: TrainingClient;
  readonly collector: MetricsCollector;
  readonly report: TrainingReport;
  readonly options: TrainOptions;
}

/** One optimizer step: both operations under one span, their answers into the collector. */
function trainStep(context: TrainingContext, batchData: readonly BatchItem[]): Promise<void> {
  const { training, collector, report, options } = context;
  return tracer.startActiveSpan('train.step', async (span) => {
    try {
      const pass = await collector.timeOperation('forward_backward', () =>
        training.forwardBackward(ppoRequest(batchData)),
      );
      collector.collectResult(pass);
      report.recordPass(pass);

      const learningRate = learningRateAt(report.optimSteps, options);
      const update = await collector.timeOperation('optim_step', () => training.optimStep({ learningRate }));
      collector.collectResult(update);
      report.recordUpdate(update);
    } finally {
      span.end();
    }
  });
}

async function main(options: TrainOptions): Promise<void> {
  const client = new SignalClient(options);
  const run = await createRun(client, options);
  const training = client.getTrainingClient(run.run_id);
  const collector = createMetricsCollector({
    runId: run.run_id,
    userId: run.user_id,
    model: run.base_model,
    tags: ['team:ml'],
    historySize: options.steps * entriesPerStep,
  });
  const report = new TrainingReport(run.run_id);
  const context = { training, collector, report, options };
  try {
    await trainLoop({ training, report, takeStep: (batchData) => trainStep(context, batchData) }, options);
    const { checkpoint_path } = await training.saveState();
    await training.complete();
    console.log(report.summary());
    console.log(measuredSummary(collector));
    console.log(`  checkpoint  ${checkpoint_path}`);
    if (options.json !== undefined) {
      const content = { ...report.toJson(), operations: measuredOperations(collector) };
      await writeFile(options.json, `${JSON.stringify(content, null, 2)}\n`);
    }
  } finally {
    collector.end();
  }
}

await runProgram({ usage, readOptions, main });
