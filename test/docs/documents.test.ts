import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Environment, readConfig } from '../../src/runtime/config.ts';
import { codeBlocks } from './code-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'collector/README.md'];

describe.each(documents)('%s', (document) => {
  it('links to files and headings that are there', () => {
    const text = read(document);
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading ?? ''));
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
    const broken = targets.filter((target) => {
      if (/^https:\/\//.test(target)) return false;
      return target.startsWith('#')
        ? !headings.includes(target.slice(1))
        : !existsSync(join(root, document, '..', target));
    });
    expect(broken).toEqual([]);
  });
});

describe('the configuration table of README.md', () => {
  const rows = read('README.md')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const defaults = new Map(
    rows.flatMap(([, names = '', value = '']) =>
      /^`[A-Z_]+`(, `[A-Z_]+`)*$/.test(names) ? names.split(', ').map((name) => [name, value] as const) : [],
    ),
  );
  const variables = variablesRead();

  it('has every variable that the package reads', () => {
    expect(variables).toContain('OTEL_METRICS_EXPORTER');
    expect(variables.filter((name) => !defaults.has(`\`${name}\``))).toEqual([]);
  });

  it.each(variables)('has the default of %s', (name) => {
    const fallback = defaultOf(name);
    expect(defaults.get(`\`${name}\``)).toBe(fallback && `\`${fallback}\``);
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

/** The variables that reading the configuration asks for. */
function variablesRead(): string[] {
  const names = new Set<string>();
  const environment = new Proxy<Environment>(
    {},
    {
      get(_, name) {
        names.add(String(name));
        return undefined;
      },
    },
  );
  readConfig(environment, () => {});
  return [...names];
}

/** What holds where a variable is not set; empty where nothing does. */
function defaultOf(name: string): string {
  const warnings: string[] = [];
  const config = Object.entries(readConfig({ [name]: '!' }, (warning) => warnings.push(warning)));
  // A bad value is answered with the default; of text none is bad.
  const [, told] = /, (\S+) holds$/.exec(warnings[0] ?? '') ?? [];
  if (told !== undefined) return told === 'nothing' ? '' : told;
  const setting = config.find(([, value]) => value === '!')?.[0];
  const [, fallback] = Object.entries(readConfig({}, () => {})).find(([key]) => key === setting) ?? [];
  return String(fallback ?? '');
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
