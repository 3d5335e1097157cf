import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from './code-blocks.ts';
import { rules } from './evidence.ts';
import { Shell } from './shell.ts';

describe('the shell blocks of README.md and the guide', () => {
  let shell: Shell;

  beforeAll(async () => {
    shell = await Shell.prepare();
  }, 180_000);

  afterAll(() => shell[Symbol.asyncDispose]());

  it.each(blocksOf('shell'))('do what they say, $place', { timeout: 180_000 }, (block) => shell.execute(block));
});

describe('what shows that a command has done what the documents say', () => {
  it('is about commands that are there', () => {
    const blocks = [...blocksOf('shell'), ...blocksOf('shell with binaries')];
    const idle = rules.filter(({ command }) => !blocks.some(({ code }) => command.test(code)));
    expect(idle.map(({ command }) => command)).toEqual([]);
  });
});
