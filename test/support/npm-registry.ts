import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './driver.ts';
import { type LocalServer, listen } from './local-server.ts';
import { asRecord, asString } from './shape.ts';

const run = promisify(execFile);

interface PackageVersion {
  readonly name: string;
  readonly version: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The bytes that `npm install` unpacks. */
  tarball(): Promise<Buffer>;
}

/** A registry of npm packages: this one as it was packed, and all that are installed in this repository. */
export async function startNpmRegistry(packed: string): Promise<LocalServer> {
  const versions = [await packedVersion(packed), ...installedVersions()];
  const server = createServer(async (request, response) => {
    const [, name = '', file] =
      decodeURIComponent(request.url ?? '').match(/^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.+))?$/) ?? [];
    const known = versions.filter((candidate) => candidate.name === name);
    const wanted = known.find(({ version }) => `${version}.tgz` === file);
    if (known.length === 0 || (file !== undefined && wanted === undefined)) {
      response.writeHead(404).end('{}');
    } else if (wanted !== undefined) {
      response.end(await wanted.tarball());
    } else {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(packument(name, known, `http://${request.headers.host}`)));
    }
  });
  return listen(server);
}

function packument(name: string, known: readonly PackageVersion[], url: string) {
  return {
    name,
    'dist-tags': { latest: known[0]?.version },
    versions: Object.fromEntries(
      known.map(({ version, manifest }) => [
        version,
        { ...manifest, dist: { tarball: `${url}/${name}/-/${version}.tgz` } },
      ]),
    ),
  };
}

async function packedVersion(file: string): Promise<PackageVersion> {
  const { stdout } = await run('tar', ['-xzOf', file, 'package/package.json']);
  return { ...readManifest(stdout, file), tarball: async () => readFileSync(file) };
}

/** Those at the top of node_modules go first: they are what an application gets. */
function installedVersions(): PackageVersion[] {
  const { packages } = asRecord(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')), 'the lock file');
  return (
    Object.keys(asRecord(packages, 'packages'))
      .filter((path) => path !== '')
      .sort((a, b) => depthOf(a) - depthOf(b))
      .map((path) => join(root, path))
      // Packages of other platforms are in the lock file alone.
      .filter((folder) => existsSync(join(folder, 'package.json')))
      .map((folder) => ({
        ...readManifest(readFileSync(join(folder, 'package.json'), 'utf8'), folder),
        tarball: () => tarballOf(folder),
      }))
  );
}

function depthOf(path: string): number {
  return path.split('node_modules/').length;
}

function readManifest(text: string, source: string) {
  const manifest = asRecord(JSON.parse(text), source);
  return { manifest, name: asString(manifest.name, 'name'), version: asString(manifest.version, 'version') };
}

async function tarballOf(folder: string): Promise<Buffer> {
  // Whoever gets it has little time, and no wire to spare.
  const args = [
    '--use-compress-program=gzip -1',
    '-cf',
    '-',
    '--exclude=./node_modules',
    '--transform=s,^\\.,package,',
    '-C',
    folder,
    '.',
  ];
  const { stdout } = await run('tar', args, { encoding: 'buffer', maxBuffer: 1e9 });
  return stdout;
}
