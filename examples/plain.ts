import { writeFile } from 'node:fs/promises';
import { type PlainOptions, plainUsage, readPlainOptions } from './options.ts';
import { runProgram } from './program.ts';
import { TrainingReport } from './report.ts';
import { type BatchItem, SignalClient } from './signal-client.ts';
import { createRun, learningRateAt, ppoRequest, trainLoop } from './training.ts';
import { openTransport } from './transports.ts';

// Not a line about telemetry: what `--require signal-otel/register` shows of this driver, it sees by itself.

async function main(options: PlainOptions): Promise<void> {
  const client = new SignalClient({ ...options, transport: await openTransport(options.client) });
  const run = await createRun(client, options);
  const training = client.getTrainingClient(run.run_id);
  const report = new TrainingReport(run.run_id);
  const takeStep = async (batchData: readonly BatchItem[]) => {
    report.recordPass(await training.forwardBackward(ppoRequest(batchData)));
    const learningRate = learningRateAt(report.optimSteps, options);
    report.recordUpdate(await training.optimStep({ learningRate }));
  };
  await trainLoop({ training, report, takeStep }, options);
  const { checkpoint_path } = await training.saveState();
  await training.complete();
  console.log(report.summary());
  console.log(`  checkpoint  ${checkpoint_path}`);
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(report.toJson(), null, 2)}\n`);
  }
}

await runProgram({ usage: plainUsage, readOptions: readPlainOptions, main });
