import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from '../docs/code-blocks.ts';
import { Shell } from '../docs/shell.ts';
import { promtoolBinary, requireBinary } from '../support/binaries.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

describe('the shell blocks of the guide that run a Collector or Prometheus', () => {
  let shell: Shell;

  beforeAll(async () => {
    shell = await Shell.prepare();
  }, 180_000);

  afterAll(() => shell[Symbol.asyncDispose]());

  it.each(blocksOf('shell with binaries'))('do what they say, $place', { timeout: 180_000 }, (block) =>
    shell.execute(block),
  );
});

describe("the guide's queries of Prometheus", () => {
  it.each(blocksOf('promql'))('are answered, $place', async ({ code }) => {
    await using prometheus = await startPrometheus();
    expect(await prometheus.query(code)).toEqual([]);
  });
});

describe("the guide's configurations of Prometheus", () => {
  it.each(blocksOf('prometheus.yml'))('are ones to promtool, $place', ({ code }) => {
    using folder = new TemporaryFolder();
    const file = join(folder.path, 'prometheus.yml');
    writeFileSync(file, code);
    // The rules are there once the command has written them.
    const { status, stdout, stderr } = spawnSync(requireBinary(promtoolBinary), [
      'check',
      'config',
      '--syntax-only',
      file,
    ]);
    expect([status, `${stdout}${stderr}`]).toEqual([
      0,
      expect.stringContaining('is valid prometheus config file syntax'),
    ]);
  });
});
