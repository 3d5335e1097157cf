import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/driver.ts';

/**
 * What an installation may cost its users. Whoever needs more raises the number here, and says in the commit what it
 * is for.
 */
const LIMITS = {
  /** 1.27 MB when this was written, of it 0.5 MB pictures of the guide. */
  packedBytes: 1_500_000,
  /** 3.43 MB when this was written, of it 1.5 MB source maps. */
  unpackedBytes: 4_000_000,
  directDependencies: 17,
  /** Those and what they bring, without `@opentelemetry/api`, which the application has. */
  allDependencies: 17,
};

/** All that is asked of who uses them is to keep their notices. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const run = promisify(execFile);

describe('the packed package', () => {
  it('stays small', async () => {
    const pack = ['pack', '--dry-run', '--ignore-scripts', '--json'];
    const { stdout } = await run('npm', pack, { cwd: root, maxBuffer: 16 * 2 ** 20 });
    const [packed]: { size: number; unpackedSize: number }[] = JSON.parse(stdout);
    expect(packed?.size, 'bytes to download').toBeLessThanOrEqual(LIMITS.packedBytes);
    expect(packed?.unpackedSize, 'bytes on disk').toBeLessThanOrEqual(LIMITS.unpackedBytes);
    expect(packed?.size, 'bytes to download: has dist/ been built?').toBeGreaterThan(LIMITS.packedBytes / 2);
  });
});

describe('its dependencies', () => {
  let packages: Readonly<Record<string, Locked>>;
  let runtime: ReadonlyMap<string, Locked>;

  beforeAll(async () => {
    ({ packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
    runtime = closureOf(packages);
  });

  it('are few', () => {
    const direct = Object.keys(packages['']?.dependencies ?? {});
    expect(direct.length, direct.join(', ')).toBeLessThanOrEqual(LIMITS.directDependencies);
    const all = [...runtime.keys()];
    expect(all).toContain('node_modules/@opentelemetry/core');
    expect(all.length, all.join(', ')).toBeLessThanOrEqual(LIMITS.allDependencies);
  });

  it('run nothing when they are installed', () => {
    expect(pathsOf(runtime, ({ hasInstallScript }) => hasInstallScript === true)).toEqual([]);
  });

  it('have permissive licences', () => {
    expect(pathsOf(runtime, ({ license = 'none' }) => !PERMISSIVE.includes(license))).toEqual([]);
  });
});

/** What `npm install signal-otel` brings, by its place in the lockfile. */
function closureOf(packages: Readonly<Record<string, Locked>>): Map<string, Locked> {
  const found = new Map<string, Locked>();
  const follow = (from: string): void => {
    for (const name of Object.keys(packages[from]?.dependencies ?? {})) {
      const path = placeOf(packages, from, name);
      const locked = packages[path];
      if (locked === undefined) throw new Error(`package-lock.json has no ${name} for ${from || 'the package'}`);
      if (found.has(path)) continue;
      found.set(path, locked);
      follow(path);
    }
  };
  follow('');
  return found;
}

/** Where Node finds a package: beside its user, else in a folder above. */
function placeOf(packages: Readonly<Record<string, Locked>>, from: string, name: string): string {
  const place = join(from, 'node_modules', name);
  if (place in packages || from === '') return place;
  return placeOf(packages, from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name);
}

function pathsOf(runtime: ReadonlyMap<string, Locked>, isWanted: (locked: Locked) => boolean): string[] {
  return [...runtime].filter(([, locked]) => isWanted(locked)).map(([path, { license }]) => `${path} ${license}`);
}
