import { setTimeout } from 'node:timers/promises';
import { fail, type Numbers, serve } from '../support/child.ts';
import type { Temporality } from '../support/reader.ts';
import { Delivered, runId } from './delivered.ts';
import { type RunSource, type SourceName, sources } from './sources.ts';

const COLLECT_EVERY_RUNS = 100;
const COLLECT_EVERY_STEPS = 1_000;

/** `worker.ts <source> <temporality>` answers `{ runs, steps }` with the memory at a tenth and at the end. */
function main([name, temporalityName]: readonly string[]): void {
  const temporality = temporalityName === 'delta' ? 'delta' : ('cumulative' satisfies Temporality);
  const source = sources[sourceName(name)](temporality);
  serve(({ runs = 1, steps = 1 }) =>
    runs === 1 ? oneRun(source, steps) : manyRuns(source, new Delivered(temporality, runs), runs, steps),
  );
}

async function oneRun(source: RunSource, steps: number): Promise<Numbers> {
  const run = source.begin(runId(0));
  let atTenth = 0;
  for (let step = 1; step <= steps; step++) {
    run.step(step);
    if (step % COLLECT_EVERY_STEPS === 0) await source.reader.read();
    if (step === Math.floor(steps / 10)) atTenth = await megabytes();
  }
  return { atTenth, atEnd: await megabytes() };
}

async function manyRuns(source: RunSource, delivered: Delivered, runs: number, steps: number): Promise<Numbers> {
  let atTenth = 0;
  for (let index = 0; index < runs; index++) {
    const run = source.begin(runId(index));
    for (let step = 1; step <= steps; step++) run.step(step);
    run.end();
    if ((index + 1) % COLLECT_EVERY_RUNS === 0) delivered.add(await source.reader.read());
    if (index + 1 === Math.floor(runs / 10)) atTenth = await megabytes();
  }
  delivered.add(await source.reader.read());
  return { atTenth, atEnd: await megabytes(), complete: delivered.complete(steps) };
}

/**
 * What is still reachable, the contents of typed arrays included. Those are given back in the background, and a second
 * collection waits for what the first one left to that.
 */
async function megabytes(): Promise<number> {
  for (let collection = 0; collection < 3; collection++) {
    global.gc?.();
    await setTimeout(20);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

function sourceName(name: string | undefined): SourceName {
  if (name === 'bound' || name === 'collector' || name === 'sdk') return name;
  throw new RangeError(`There is no source ${name}`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  fail(error);
}
