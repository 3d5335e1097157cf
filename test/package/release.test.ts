import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { root } from '../support/driver.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const workflows = join(root, '.github/workflows');
const url = 'git+https://github.com/owner/name.git';

function checkout(manifest: object, changelog: string): TemporaryFolder {
  const folder = new TemporaryFolder();
  writeFileSync(
    join(folder.path, 'package.json'),
    JSON.stringify({ name: 'signal-otel', version: '1.2.3', ...manifest }),
  );
  writeFileSync(join(folder.path, 'CHANGELOG.md'), `# Changelog\n\n${changelog}\n`);
  return folder;
}

const check = ({ path }: TemporaryFolder, ...args: string[]) =>
  runNode([join(root, 'scripts/release.ts'), ...args], { cwd: path });

const DATED = '## 1.2.3 (2026-12-01)';

describe('scripts/release.ts', () => {
  it('takes a version that the tag and the changelog have, and names the repository where nobody has', async () => {
    using folder = checkout({}, DATED);
    expect(await check(folder, 'v1.2.3', 'owner/name')).toMatchObject({ code: 0, stderr: '' });
    const written: unknown = JSON.parse(readFileSync(join(folder.path, 'package.json'), 'utf8'));
    expect(written).toMatchObject({
      version: '1.2.3',
      repository: { type: 'git', url },
      bugs: 'https://github.com/owner/name/issues',
    });
    expect(await check(folder, 'v1.2.3', 'owner/name')).toMatchObject({ code: 0 });
  });

  it.each([
    ['another tag', {}, DATED, 'v1.2.4', /The tag is v1\.2\.4 and the version 1\.2\.3/],
    ['no entry in the changelog', {}, '## 1.2.2 (2026-11-01)', 'v1.2.3', /needs a heading "## 1\.2\.3 /],
    ['an entry without a day', {}, '## 1.2.3 (unreleased)', 'v1.2.3', /needs a heading "## 1\.2\.3 /],
    ['another repository', { repository: { type: 'git', url: `${url}x` } }, DATED, 'v1.2.3', /repository\.url is/],
  ])('refuses %s, saying what to change', async (_, manifest, changelog, tag, message) => {
    using folder = checkout(manifest, changelog);
    expect(await check(folder, tag, 'owner/name')).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
  });

  it('says how it is called', async () => {
    using folder = checkout({}, DATED);
    expect(await check(folder)).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage') });
  });
});

describe('the workflows', () => {
  const read = (name: string) => readFileSync(join(workflows, name), 'utf8');

  it.each(readdirSync(workflows))('%s is one of GitHub’s form', async (name) => {
    const validator = join(root, 'node_modules/.bin/action-validator');
    await run(validator, [join('.github/workflows', name)], { cwd: root });
  });

  it('run the tests on each Node that the package supports', () => {
    const { engines }: { engines: { node: string } } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const versions = /node: \[(.*)\]/.exec(read('ci.yml'))?.[1]?.split(', ');
    expect(versions).toEqual(['22', '24', '26']);
    expect(engines.node).toMatch(new RegExp(`^>=${versions?.[0]}\\.`));
  });

  it('publish by identity alone, with provenance', () => {
    const publish = read('publish.yml');
    expect(publish).toContain('id-token: write');
    expect(publish).not.toMatch(/secrets\.|NODE_AUTH_TOKEN/);
    const { publishConfig }: { publishConfig: unknown } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(publishConfig).toEqual({ access: 'public', provenance: true });
  });
});
