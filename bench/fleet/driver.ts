import { openSync, writeSync } from 'node:fs';
import { fail, serve } from '../support/child.ts';
import { createMetricsCollector, getPipelineStatus, type MetricsCollector } from '../support/package.ts';
import { STEPS_A_SECOND, takeSteps } from '../support/steps.ts';
import { gaugesOf, values } from '../support/workload.ts';

/**
 * `driver.ts <journal> <name> <runs>` trains so many runs: each takes a step a second, a tenth of them at a time. The
 * journal gets a line for each tenth of a second, with the time before and after its steps; a line that is written
 * outlives SIGKILL. Answers `{ stop }` with what
 * the package says of itself.
 */
function main([path = '', name, runs]: readonly string[]): void {
  const journal = openSync(path, 'a');
  const collectors = Array.from({ length: Number(runs) }, (_, run) =>
    createMetricsCollector({
      runId: `${name}-${run}`,
      userId: 'user_42',
      model: 'Qwen/Qwen2.5-7B-Instruct',
      tags: { team: 'rl' },
    }),
  );
  let tick = 0;
  const stop = takeSteps(() => {
    const before = Date.now();
    const step = 1 + Math.floor(tick / STEPS_A_SECOND);
    for (let run = tick % STEPS_A_SECOND; run < collectors.length; run += STEPS_A_SECOND) {
      const collector = collectors[run];
      if (collector !== undefined) train(collector, step, step + run);
    }
    writeSync(journal, `${before} ${Date.now()}\n`);
    tick += 1;
  });
  serve(async ({ stop: isLast = 0 }) => {
    if (isLast === 1) stop();
    const { queue, signals } = getPipelineStatus();
    const dropped = Object.values(signals).flatMap((signal) => Object.values(signal?.droppedPoints ?? {}));
    return { waiting: queue.requests, dropped: dropped.reduce((all, points) => all + points, 0) };
  });
}

/**
 * What a run of PPO records in a step, spans of both operations included. Its values are those of a run that does well,
 * with noise in all of their digits: no alarms, and nothing that compresses better than a real run.
 */
function train(collector: MetricsCollector, step: number, row: number): void {
  const [a = 0, b = 0, c = 0, d = 0] = values.subarray(gaugesOf(row), gaugesOf(row) + 4);
  collector.timeOperation('forward_backward', () => {});
  collector.collectTrainingMetrics({ step, loss: 2 + a / 100, gradNorm: 1 + b / 10, learningRate: 3e-4 });
  collector.collectRlMetrics({
    policyLoss: -0.02 + c / 1_000,
    valueLoss: 0.4 + d / 10,
    entropy: 2.5 + a / 100,
    klDivergence: 0.004 + b / 1_000,
    clipFraction: 0.15 + c / 100,
  });
  collector.timeOperation('optim_step', () => {});
}

try {
  main(process.argv.slice(2));
} catch (error) {
  fail(error);
}
