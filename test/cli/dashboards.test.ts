import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const dashboards = (args: readonly string[], cwd = root) =>
  runNode([join(root, 'dist/cli/main.js'), 'dashboards', ...args], { cwd });

/** All that is generated, but for the tests of the rules. */
const generated = async () =>
  (await readdir(join(root, 'dashboards'))).filter((name) => !name.endsWith('.test.yml')).sort();

describe('signal-otel dashboards', () => {
  it('lists every generated file, and what it is for', async () => {
    const { code, stdout, stderr } = await dashboards([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/, 1)[0] ?? '').sort()).toEqual(await generated());
    for (const line of lines) expect(line).toMatch(/^\S+ {2,}\S+/);
  });

  it('writes them into a folder, which it makes, over what was there', async () => {
    using folder = new TemporaryFolder();
    const names = await generated();
    for (const round of ['anew', 'again']) {
      const result = await dashboards(['a/b'], folder.path);
      expect(result, round).toMatchObject({ code: 0, stderr: '' });
      expect(result.stdout.trimEnd().split('\n').sort()).toEqual(names.map((name) => `wrote ${join('a/b', name)}`));
      for (const name of names) {
        expect(await readFile(join(folder.path, 'a/b', name))).toEqual(await readFile(join(root, 'dashboards', name)));
        await writeFile(join(folder.path, 'a/b', name), 'changed by hand');
      }
    }
  });

  it('says what has failed', async () => {
    using folder = new TemporaryFolder();
    await writeFile(join(folder.path, 'taken'), '');
    const result = await dashboards(['taken'], folder.path);
    expect(result).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^signal-otel dashboards: .*taken/),
    });
  });

  it('helps, and refuses what it does not know', async () => {
    expect(await dashboards(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('[FOLDER]') });
    expect(await dashboards(['a', 'b'])).toMatchObject({ code: 2, stderr: expect.stringContaining('one folder') });
    expect(await dashboards([''])).toMatchObject({ code: 2 });
    expect(await dashboards(['--yaml'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--yaml') });
    const { stdout } = await runNode([join(root, 'dist/cli/main.js'), '--help']);
    expect(stdout).toContain('signal-otel dashboards');
  });
});
