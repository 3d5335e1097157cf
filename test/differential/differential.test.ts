import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anyValue, createWriters, exactValue, type Program, programs } from './program.ts';
import { boundSubject, normalized, officialSubject, type Subject } from './sdk.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Runs a program and gives back every collection, in order. */
async function run(subject: Subject, { actions, ...setup }: Program): Promise<unknown[]> {
  vi.setSystemTime(1_700_000_000_000);
  const writers = createWriters(subject.meter, { actions, ...setup });
  const collections: unknown[] = [];
  for (const action of actions) {
    if (action.do === 'record') writers[action.instrument]?.(action.attributes, action.value, action.bound);
    if (action.do === 'collect') collections.push(normalized(await subject.collect(action.reader)));
    if (action.do === 'wait') {
      vi.setSystemTime(Date.now() + action.millis);
      // A wait ends the turn of the event loop; one that takes no time does so too.
      await Promise.resolve();
    }
  }
  for (const reader of setup.readers.keys()) collections.push(normalized(await subject.collect(reader)));
  return collections;
}

async function compare(each: Program): Promise<void> {
  const official = await run(officialSubject(each.readers, each.views), each);
  const bound = await run(boundSubject(each.readers, each.views), each);
  expect(bound).toEqual(official);
}

describe('the bound meter and the official SDK', () => {
  it('collect the same from any program with one reader', { timeout: 300_000 }, async () => {
    await fc.assert(fc.asyncProperty(programs(1, anyValue), compare), { numRuns: 4_000, seed: 1 });
  });

  it('collect the same for each of several readers', { timeout: 300_000 }, async () => {
    await fc.assert(fc.asyncProperty(programs(3, exactValue), compare), { numRuns: 4_000, seed: 2 });
  });
});
