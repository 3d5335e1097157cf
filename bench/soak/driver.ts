import { openSync, writeSync } from 'node:fs';
import { fail, serve } from '../support/child.ts';
import { recordDurations, recordGauges } from '../support/collector.ts';
import { createMetricsCollector, getPipelineStatus } from '../support/package.ts';
import { takeSteps } from '../support/steps.ts';

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
      recordGauges(collector, step, step + run);
      recordDurations(collector, step + run);
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
