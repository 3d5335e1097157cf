import { setImmediate } from 'node:timers/promises';
import { fail, type Numbers, serve } from '../support/child.ts';
import { type Computation, createComputation } from './computation.ts';

/**
 * `loop.ts` answers `{ steps, recorded }` with the wall time and the processor time of a step. Steps with and without the
 * package are taken in one process: from one process to another the arithmetic alone differs by a third, by where its
 * memory lies.
 */
async function main(): Promise<void> {
  const computation = createComputation();
  const bare = bareStep(computation);
  const recorded = await recordedStep(computation);
  let next = 1;
  serve(async ({ steps = 1, recorded: isRecorded = 0 }) => {
    const step = isRecorded === 1 ? recorded : bare;
    const cpu = process.cpuUsage();
    const started = performance.now();
    for (const end = next + steps; next < end; next++) {
      step(next);
      // As in a training loop, which waits for the server between its steps.
      await setImmediate();
    }
    const { user, system } = process.cpuUsage(cpu);
    return {
      millis: (performance.now() - started) / steps,
      cpuMillis: (user + system) / 1_000 / steps,
    } satisfies Numbers;
  });
}

type Step = (step: number) => void;

function bareStep({ forwardBackward, optimStep }: Computation): Step {
  return () => {
    forwardBackward();
    optimStep();
  };
}

async function recordedStep({ forwardBackward, optimStep }: Computation): Promise<Step> {
  const { createMetricsCollector } = await import('../support/package.ts');
  const { recordGauges } = await import('../support/collector.ts');
  const { ATTRIBUTES } = await import('../support/workload.ts');
  const { run_id: runId, user_id: userId, model, team } = ATTRIBUTES;
  const collector = createMetricsCollector({ runId, userId, model, tags: { team } });
  return (step) => {
    collector.timeOperation('forward_backward', forwardBackward);
    collector.timeOperation('optim_step', optimStep);
    recordGauges(collector, step);
  };
}

main().catch(fail);
