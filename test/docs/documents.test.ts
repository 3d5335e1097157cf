import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { knownVariables } from '../../src/runtime/settings-reader.ts';
import { codeBlocks } from './code-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'collector/README.md',
  'deploy/README.md',
];

describe.each(documents)('%s', (document) => {
  it('links to files and headings that are there', () => {
    const text = read(document);
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading ?? ''));
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
    const broken = targets.filter((target) => {
      if (/^https:\/\//.test(target)) return false;
      return target.startsWith('#')
        ? !headings.includes(target.slice(1))
        : !existsSync(join(root, document, '..', target.replace(/#.*$/, '')));
    });
    expect(broken).toEqual([]);
  });
});

describe('the table of the settings', () => {
  const known = knownVariables();
  const named = (text: string) => text.match(/\b(OTEL|SIGNAL)_[A-Z_]*[A-Z]\b/g) ?? [];

  it('has every variable that code and documents name', () => {
    const files = [...documents, 'docker-compose.yml', ...trackedFiles('src')].filter((file) =>
      existsSync(join(root, file)),
    );
    const unknown = files.flatMap((file) => named(read(file)).filter((name) => !known.includes(name)));
    expect(unknown).toEqual([]);
    expect(named(read('README.md'))).toContain('SIGNAL_SPOOL_DIR');
  });
});

describe('the lists of ARCHITECTURE.md', () => {
  const listed = codeBlocks(read('ARCHITECTURE.md')).flatMap(({ code }) => listedFiles(code));

  it('name files that are there', () => {
    expect(listed.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(listed.filter((file, index) => listed.indexOf(file) !== index)).toEqual([]);
  });

  it('name every file', () => {
    const files = trackedFiles('src', 'examples', 'scripts', 'test/support');
    expect(files).toContain('src/index.ts');
    expect(files.filter((file) => !file.endsWith('.test.ts') && !listed.includes(file))).toEqual([]);
  });

  it('name every folder of tests and benchmarks', () => {
    const inTables = [...read('ARCHITECTURE.md').matchAll(/^\| `(\w+\/)` \|/gm)].map(([, folder]) => folder);
    const folders = ['test', 'bench'].flatMap((top) =>
      trackedFiles(top).flatMap((file) => /^\w+\/([\w-]+\/)/.exec(file)?.[1] ?? []),
    );
    expect(folders).toContain('unit/');
    // The files of test/support are listed one by one.
    expect([...new Set(folders)].filter((folder) => folder !== 'support/' && !inTables.includes(folder))).toEqual([]);
  });
});

function trackedFiles(...folders: string[]): string[] {
  return execFileSync('git', ['ls-files', ...folders], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n');
}

/** As GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

/** The files of a list: a line `folder/`, under it indented lines that begin with a file's name. */
function listedFiles(list: string): string[] {
  let folder = '';
  return list.split('\n').flatMap((line) => {
    const [, heading] = /^(\S+\/)(\s|$)/.exec(line) ?? [];
    if (heading !== undefined) folder = heading;
    const [, file] = /^ {2}(\S+)/.exec(line) ?? [];
    return heading === undefined && file !== undefined && folder !== '' ? [`${folder}${file}`] : [];
  });
}
