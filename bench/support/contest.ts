import { interleave, type Samples } from './interleave.ts';
import { Worker } from './parent.ts';
import type { SectionContext } from './results.ts';
import { openSink } from './sink.ts';

export interface Contest {
  readonly samples: Samples;
  /** Each operation in a turn of its own. */
  readonly samplesInTurns: Samples;
  /** Why a contender did not take part. */
  readonly absent: ReadonlyMap<string, string>;
}

/** As long as a timed batch takes at least: far above the clock's resolution, far below the scheduler's patience. */
const BATCH_NANOS = 8e6;

/** Lets contenders, each a module in a process of its own, do the same work by turns. */
export async function contest(modules: Readonly<Record<string, string>>, context: SectionContext): Promise<Contest> {
  await using sink = await openSink();
  const workers = new Map<string, Worker>();
  const absent = new Map<string, string>();
  const program = new URL('./contender.ts', import.meta.url);
  try {
    for (const [name, module] of Object.entries(modules)) {
      context.progress(`starting ${name}`);
      try {
        workers.set(name, await Worker.start(program, [module, String(sink.udpPort), String(sink.httpPort)]));
      } catch (error) {
        absent.set(name, error instanceof Error ? error.message : String(error));
      }
    }
    const samples = await measure(workers, 0, context);
    const samplesInTurns = await measure(workers, 1, context);
    return { samples, samplesInTurns, absent };
  } finally {
    for (const worker of workers.values()) worker.stop();
  }
}

async function measure(
  workers: ReadonlyMap<string, Worker>,
  inTurns: number,
  { quick, progress }: SectionContext,
): Promise<Samples> {
  const contenders = new Map<string, () => Promise<number>>();
  for (const [name, worker] of workers) {
    progress(`warming up ${name}`);
    const count = await batchSize(worker, inTurns);
    contenders.set(name, async () => (await worker.ask({ count, inTurns })).nanos ?? Number.NaN);
  }
  const rounds = quick ? 7 : 61;
  return interleave(contenders, {
    rounds,
    warmUp: quick ? 2 : 15,
    onRound: (round) => progress(`round ${round + 1} of ${rounds}${inTurns === 1 ? ', a turn each' : ''}`),
  });
}

/** Found by doubling, which warms the code up as well. */
async function batchSize(worker: Worker, inTurns: number): Promise<number> {
  let count = 64;
  for (;;) {
    const { nanos = 0 } = await worker.ask({ count, inTurns });
    if (nanos * count >= BATCH_NANOS) return count;
    count *= 2;
  }
}
