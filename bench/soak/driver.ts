import { openSync, writeSync } from 'node:fs';
import { fail, serve } from '../support/child.ts';
import { createMetricsCollector, getPipelineStatus } from '../support/package.ts';
import { takeSteps } from '../support/steps.ts';
import { gaugesOf, histogramsOf, values } from '../support/workload.ts';

/**
 * `driver.ts <journal> <name> <runs>` takes a step of each run ten times a second, and notes the time of each in the
 * journal: a line that is written outlives SIGKILL. Answers `{ stop }` with what the package says of itself.
 */
function main([path = '', name, runs]: readonly string[]): void {
  const journal = openSync(path, 'a');
  const collectors = Array.from({ length: Number(runs) }, (_, run) =>
    createMetricsCollector({ runId: `${name}-${run}`, userId: 'user_42', model: 'm', tags: { team: 'rl' } }),
  );
  let step = 0;
  const stop = takeSteps(() => {
    step += 1;
    for (const [run, collector] of collectors.entries()) {
      let at = gaugesOf(step + run) + 1;
      collector.collectTrainingMetrics({
        step,
        loss: values[at++],
        gradNorm: values[at++],
        learningRate: values[at++],
      });
      collector.collectRlMetrics({
        policyLoss: values[at++],
        valueLoss: values[at++],
        entropy: values[at++],
        klDivergence: values[at++],
        clipFraction: values[at++],
      });
      at = histogramsOf(step + run);
      collector.collectPerformanceMetrics({
        forwardBackwardDurationMs: values[at++],
        optimStepDurationMs: values[at++],
      });
    }
    writeSync(journal, `${Date.now()}\n`);
  });
  serve(async ({ stop: isLast = 0 }) => {
    if (isLast === 1) stop();
    const { signals } = getPipelineStatus();
    const dropped = Object.values(signals.metrics?.droppedPoints ?? {}).reduce((all, points) => all + points, 0);
    const { rss, heapUsed, external } = process.memoryUsage();
    return { resident: rss / 2 ** 20, used: (heapUsed + external) / 2 ** 20, dropped };
  });
}

try {
  main(process.argv.slice(2));
} catch (error) {
  fail(error);
}
