import { describe, expect, it } from 'vitest';
import { parseQuery } from '../support/datadog-checks.ts';
import { blocks, blocksOf, runnerOf } from './code-blocks.ts';

describe('every code block of README.md and the guide', () => {
  it('is executed', () => {
    const unexecuted = blocks.filter((block) => runnerOf(block) === undefined);
    expect(unexecuted.map(({ place, language }) => `${place} (${language})`)).toEqual([]);
    // Not because none was found.
    expect(blocks.length).toBeGreaterThan(40);
  });
});

describe("the guide's queries of Datadog", () => {
  it.each(blocksOf('datadog'))('parse, $place', ({ code }) => {
    for (const query of code.split('\n')) expect(parseQuery(query).metric).toMatch(/^signal\./);
  });
});
