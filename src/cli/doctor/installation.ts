import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { type Finding, failed, ok, warning } from './finding.ts';

const API = '@opentelemetry/api';

/** More than any application installs; a folder of many applications must not take minutes. */
const MAX_FOLDERS = 50_000;

export interface Installation {
  readonly findings: readonly Finding[];
  /** Without it nothing else of the package can be loaded. */
  readonly hasApi: boolean;
}

interface Copy {
  /** Real, so that links to one copy are one. */
  readonly path: string;
  readonly version: string;
  readonly users: string[];
}

/**
 * Node, and the copies of the OpenTelemetry API that an application may meet. Imports nothing that needs the API.
 * @param folder the application's.
 */
export function examineInstallation(folder: string): Installation {
  const { engines, peerDependencies } = manifestOf(createRequire(import.meta.url).resolve('signal-otel/package.json'));
  const copies = findCopies(folder);
  const own = copies.find(({ users }) => users.includes(OWN));
  return {
    findings: [examineNode(engines?.node ?? '*'), ...examineApi(own, copies, folder, peerDependencies?.[API] ?? '*')],
    hasApi: own !== undefined,
  };
}

const OWN = "this package's";
const APPLICATIONS = "the application's";

function examineNode(range: string): Finding {
  const { node } = process.versions;
  if (satisfies(node, range)) return ok(`Node ${node}`);
  return failed(`Node is ${node}; this package needs ${range}`, 'install a newer Node: https://nodejs.org');
}

function examineApi(own: Copy | undefined, copies: readonly Copy[], folder: string, range: string): Finding[] {
  if (own === undefined) {
    const why = 'is not installed where this package looks for it: nothing can be recorded or sent';
    return [failed(`${API} ${why}`, `npm install '${API}@${range}'`)];
  }
  const places = copies
    .map(({ path, version, users }) => {
      const whose = users.length > 0 ? ` (${users.join(', ')})` : '';
      return `${version} at ${relative(realpathSync(folder), path) || '.'}${whose}`;
    })
    .join('; ');
  const next = `npm ls ${API} shows who brings them, npm dedupe makes one of those that can be one`;
  const findings: Finding[] = [];
  if (new Set(copies.map(({ version }) => version)).size > 1) {
    const why = 'what one of them records, the other does not see';
    findings.push(failed(`${copies.length} copies of ${API}, ${why}: ${places}`, next));
  } else if (copies.length > 1) {
    // They share what is registered for as long as their versions are equal, and not a day longer.
    findings.push(warning(`${copies.length} copies of ${API}, of one version by luck: ${places}`, next));
  } else findings.push(ok(`one copy of ${API}: ${places}`));
  if (!satisfies(own.version, range)) {
    findings.push(failed(`${API} is ${own.version}; this package needs ${range}`, `npm install '${API}@${range}'`));
  }
  return findings;
}

function findCopies(folder: string): Copy[] {
  const copies = new Map<string, Copy>();
  const note = (path: string, user?: string) => {
    try {
      const real = realpathSync(path);
      const { name, version = 'of no version' } = manifestOf(join(real, 'package.json'));
      if (name !== API) return;
      const copy = copies.get(real) ?? { path: real, version, users: [] };
      copies.set(real, copy);
      if (user !== undefined) copy.users.push(user);
    } catch {
      // A link to nowhere, or a package whose installation is under way.
    }
  };
  for (const [from, user] of [
    [import.meta.url, OWN],
    [join(folder, 'application.js'), APPLICATIONS],
  ] as const) {
    const path = resolvedFrom(from);
    if (path !== undefined) note(path, user);
  }
  for (const path of installedUnder(folder)) note(path);
  return [...copies.values()];
}

/** The folder of the API that a file in this place would get. */
function resolvedFrom(file: string): string | undefined {
  try {
    let path = dirname(createRequire(file).resolve(API));
    // Its package.json cannot be asked for by name.
    while (!path.endsWith(join('node_modules', API)) && !isRootOfApi(path)) {
      if (dirname(path) === path) return undefined;
      path = dirname(path);
    }
    return path;
  } catch {
    return undefined;
  }
}

function isRootOfApi(path: string): boolean {
  const file = join(path, 'package.json');
  return existsSync(file) && manifestOf(file).name === API;
}

/** Wherever package managers put it: in packages' own folders, and in pnpm's store. Links are not followed. */
function* installedUnder(folder: string): Generator<string> {
  const waiting = [join(folder, 'node_modules')];
  for (let looked = 0; looked < MAX_FOLDERS; looked++) {
    const modules = waiting.pop();
    if (modules === undefined) return;
    const api = join(modules, API);
    if (existsSync(api)) yield api;
    for (const name of foldersIn(modules)) {
      const packages = name.startsWith('@') ? foldersIn(join(modules, name)).map((other) => join(name, other)) : [name];
      for (const one of packages) {
        const path = join(modules, one);
        if (name === '.pnpm') waiting.push(...foldersIn(path).map((stored) => join(path, stored, 'node_modules')));
        else waiting.push(join(path, 'node_modules'));
      }
    }
  }
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function manifestOf(file: string): Manifest {
  const manifest: Manifest = JSON.parse(readFileSync(file, 'utf8'));
  return manifest;
}

/** Of ranges such as `>=1.10.0 <1.11.0`, which is how this package writes its own. */
function satisfies(version: string, range: string): boolean {
  return range.split(' ').every((bound) => {
    const [, sign, limit] = /^(>=|<)(\d[\d.]*)$/.exec(bound) ?? [];
    if (limit === undefined) return true;
    return compareVersions(version, limit) >= 0 === (sign === '>=');
  });
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(/[.-]/).map(Number));
  for (let place = 0; place < 3; place++) {
    const difference = (a?.[place] ?? 0) - (b?.[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
