import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/catalogue/index.ts';
import { knownVariables } from '../../src/runtime/settings-reader.ts';
import { codeBlocks } from './code-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const guide = readdirSync(join(root, 'docs/guide')).map((name) => `docs/guide/${name}`);
const reference = readdirSync(join(root, 'docs/reference')).map((name) => `docs/reference/${name}`);
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'collector/README.md',
  'deploy/README.md',
  'docs/scale.md',
  ...guide,
  ...reference,
];

describe.each(documents)('%s', (document) => {
  it('links to files and headings that are there', () => {
    const broken = linksOf(document).filter(({ file, anchor }) => {
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe.each(['README.md', 'docs/guide/README.md'])('%s', (index) => {
  it('leads to every page of the guide', () => {
    const linked = linksOf(index).map(({ file }) => file);
    expect(guide.filter((page) => page !== 'docs/guide/README.md' && !linked.includes(page))).toEqual([]);
  });
});

describe('the table of the settings', () => {
  /** Its last one is read by the examples alone. */
  const known = [...knownVariables(), 'SIGNAL_API_KEY'];
  const named = (text: string) => text.match(/\b(OTEL|SIGNAL)_[A-Z_]*[A-Z]\b/g) ?? [];

  it('has every variable that code and documents name', () => {
    const files = [...documents, 'docker-compose.yml', ...trackedFiles('src')].filter((file) =>
      existsSync(join(root, file)),
    );
    const unknown = files.flatMap((file) => named(read(file)).filter((name) => !known.includes(name)));
    expect(unknown).toEqual([]);
    expect(named(read('docs/guide/configuration.md'))).toContain('SIGNAL_SPOOL_DIR');
  });
});

describe('the table of old and new names', () => {
  it('has every metric of the Python client, of the kind that the catalogue says', () => {
    const rows = [...read('docs/guide/migrating.md').matchAll(/^\| `(signal\.[\w.]+)` \| (\w+) \| the same/gm)];
    const kinds = new Map<string | undefined, string>(catalogue.map(({ name, kind }) => [name, kind]));
    expect(rows.length).toBeGreaterThan(15);
    for (const [, name, kind] of rows) expect([name, kinds.get(name)]).toEqual([name, kind]);
  });
});

describe('the lists of ARCHITECTURE.md', () => {
  const listed = codeBlocks(read('ARCHITECTURE.md')).flatMap(({ code }) => listedFiles(code));

  it('name files that are there', () => {
    expect(listed.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(listed.filter((file, index) => listed.indexOf(file) !== index)).toEqual([]);
  });

  it('name every file', () => {
    const files = trackedFiles('src', 'examples', 'scripts', 'test/support', 'docs/guide');
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

interface Link {
  /** From the root. */
  readonly file: string;
  readonly anchor: string | undefined;
}

/** The links within the repository. */
function linksOf(document: string): Link[] {
  const targets = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !target.startsWith('https://'))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { file: path === '' ? document : join(dirname(document), path), anchor };
    });
}

/** Those of a document's headings, as GitHub makes them. */
function anchorsOf(document: string): string[] {
  return [...read(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
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
