import type { Numbers } from './child.ts';
import { fail, serve } from './child.ts';

/** Something that does the work that is measured, in a process of its own. */
export interface Contender {
  operate(index: number): void;
  /** Collects or flushes, outside of what is timed, so that nothing piles up. */
  settle(): Promise<void>;
}

export interface Ports {
  readonly udpPort: number;
  readonly httpPort: number;
}

export interface ContenderModule {
  create(ports: Ports): Contender | Promise<Contender>;
}

/** `contender.ts <module> <UDP port> <HTTP port>` answers `{ count, inTurns }` with `{ nanos }` an operation. */
async function main([module = '', udpPort, httpPort]: readonly string[]): Promise<void> {
  const { create }: ContenderModule = await import(new URL(`../${module}.ts`, import.meta.url).href);
  const contender = await create({ udpPort: Number(udpPort), httpPort: Number(httpPort) });
  let next = 1;
  serve(async ({ count = 1, inTurns = 0 }) => {
    const started = performance.now();
    if (inTurns === 1) await runInTurns(contender, next, count);
    else runAtOnce(contender, next, count);
    const nanos = ((performance.now() - started) * 1e6) / count;
    next += count;
    await contender.settle();
    return { nanos } satisfies Numbers;
  });
}

function runAtOnce(contender: Contender, first: number, count: number): void {
  for (let index = first; index < first + count; index++) contender.operate(index);
}

/** As in a training loop, which waits for the server between its steps. */
async function runInTurns(contender: Contender, first: number, count: number): Promise<void> {
  for (let index = first; index < first + count; index++) {
    contender.operate(index);
    await null;
  }
}

if (import.meta.main) main(process.argv.slice(2)).catch(fail);
