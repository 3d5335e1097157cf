import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type Format } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../src/catalogue/index.ts';
import { runNode, startNode } from '../support/child.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

let folder: string;
let tarball: string;

/** An empty folder with the packed package in it, and of the repository's modules only those that it declares. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signal-otel-package-'));
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
  });
  const [packed]: { filename: string }[] = JSON.parse(stdout);
  if (packed === undefined) throw new Error('npm pack made nothing');
  tarball = join(folder, packed.filename);
  const installed = join(folder, 'node_modules', 'signal-otel');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  const manifest: { dependencies: object; peerDependencies: object } = JSON.parse(
    await readFile(join(installed, 'package.json'), 'utf8'),
  );
  for (const name of [...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), '@types/node']) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, 'node_modules', name), link);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  it('holds what runs, its types and its documents, and no source or test', async () => {
    const files = await readdir(join(folder, 'node_modules', 'signal-otel'));
    expect(files.sort()).toEqual([
      '.env',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'collector',
      'dashboards',
      'deploy',
      'dist',
      'docker-compose.yml',
      'docs',
      'otel-collector-config.yaml',
      'package.json',
    ]);
  });

  it('links from its documents to what it holds; elsewhere only to what is about the repository', async () => {
    const installed = join(folder, 'node_modules', 'signal-otel');
    const files = (await readdir(installed, { recursive: true })).filter((file) => !file.startsWith('dist'));
    const documents = files.filter((file) => file.endsWith('.md'));
    expect(documents).toContain('docs/guide/getting-started.md');
    const links = await Promise.all(
      documents.map(async (document) => {
        const targets = (await readFile(join(installed, document), 'utf8')).matchAll(/\]\(([^)\s#]+)/g);
        return [...targets].map(([, target = '']) => target).map((target) => ({ document, target }));
      }),
    );
    const elsewhere = links
      .flat()
      .filter(({ target }) => !target.startsWith('https://'))
      .map(({ document, target }) => join(dirname(document), target).replace(/\/$/, ''))
      .filter((target) => !files.includes(target));
    expect(elsewhere.filter((target) => !/^(examples|bench)\/|^(ARCHITECTURE|CONTRIBUTING)\.md$/.test(target))).toEqual(
      [],
    );
  });

  it.each(['app.cjs', 'app.mjs'])('runs %s under --require signal-otel/register', async (name) => {
    await cp(join(root, 'test/register/apps', name), join(folder, name));
    const result = await runNode(['--require', 'signal-otel/register', name], {
      cwd: folder,
      env: { OTEL_METRICS_EXPORTER: 'console', OTEL_TRACES_EXPORTER: 'console', OTEL_LOGS_EXPORTER: 'none' },
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain("name: 'signal.training.loss'");
    expect(result.stdout).toContain("name: 'signal.forward_backward'");
  });

  it('has the live page, with all that it is made of', async () => {
    await cp(join(root, 'test/register/apps/waiting.mjs'), join(folder, 'waiting.mjs'));
    await using driver = await startNode(['--require', 'signal-otel/register', 'waiting.mjs'], {
      cwd: folder,
      env: { SIGNAL_LIVE: '1', SIGNAL_LIVE_PORT: '0' },
    });
    const [, url = ''] = await driver.waitForOutput(/live page at (\S+)/);
    const seen = new Set<string>();
    const follow = async (path: string): Promise<void> => {
      if (seen.has(path)) return;
      seen.add(path);
      const response = await fetch(new URL(path, url));
      expect([path, response.status]).toEqual([path, 200]);
      const parts = (await response.text()).matchAll(/(?:href|src|from) ?=? ?["']([./][^"']+)["']/g);
      for (const [, part = ''] of parts) await follow(new URL(part, new URL(path, url)).pathname);
    };
    await follow('/');
    expect(seen).toContain('/uplot/uPlot.js');
    expect(seen).toContain('/points.js');
  });

  it('has a command that shows the package at work', { timeout: 60_000 }, async () => {
    const cli = join(folder, 'node_modules/signal-otel/dist/cli/main.js');
    const demo = await runNode([cli, 'demo', '--no-open', '--port', '0', '--steps', '16'], { cwd: folder });
    expect(demo).toMatchObject({ code: 0, stdout: expect.stringMatching(/16 optimizer steps .*p99 \d/s) });
    expect(demo.stderr).toMatch(/live page at/);
    expect(demo.stderr).toMatch(/Prometheus metrics at/);
  });

  it('has a command that lists the catalogue', async () => {
    const cli = join(folder, 'node_modules/signal-otel/dist/cli/main.js');
    expect((await runNode([cli, 'catalogue'])).stdout).toContain('| `signal.training.loss` | gauge |');
    expect(JSON.parse((await runNode([cli, 'catalogue', '--json'])).stdout)).toEqual(catalogue);
    expect(await runNode([cli, '--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('--require') });
    expect((await runNode([cli, '--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await runNode([cli, 'lst'])).toMatchObject({ code: 2, stderr: expect.stringContaining('"lst"') });
    expect(await runNode([cli, 'catalogue', '--yaml'])).toMatchObject({ code: 2 });
  });

  it('has a command that writes every dashboard and alert that the package ships', async () => {
    const installed = join(folder, 'node_modules/signal-otel');
    const result = await runNode([join(installed, 'dist/cli/main.js'), 'dashboards', 'mine'], { cwd: folder });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const written = (await readdir(join(folder, 'mine'))).sort();
    expect(written).toEqual((await readdir(join(installed, 'dashboards'))).sort());
    expect(written).toContain('grafana.json');
  });

  it.each([
    ['CommonJS', 'commonjs', 'cts'],
    ['ES module', 'module', 'mts'],
  ])('has types that a %s project compiles against, and that refuse misuse', async (_, type, extension) => {
    const project = join(folder, type);
    await mkdir(project);
    await writeFile(join(project, 'package.json'), JSON.stringify({ name: type, private: true, type }));
    await cp(join(root, 'test/types/usage.ts'), join(project, `usage.${extension}`));
    const options = {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      noEmit: true,
      types: ['node'],
      skipLibCheck: false,
    };
    const lib = ['es2023', 'esnext.disposable'];
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...options, lib } }));
    const compiled = await run(bin('tsc'), ['-p', project]).catch((error: { code: number; stdout: string }) => error);
    expect(compiled).toEqual({ stdout: '', stderr: '' });
  });

  it('passes publint and are-the-types-wrong', async () => {
    await run(bin('publint'), ['run', tarball, '--strict', '--pack', 'false'], { cwd: root });
    await run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-emoji'], { cwd: root });
  });
});

describe('an application in one file, by esbuild', () => {
  const env = { OTEL_METRICS_EXPORTER: 'console', OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };

  async function bundle(outfile: string, format: Format, packages: 'bundle' | 'external'): Promise<void> {
    const contents = await readFile(join(root, 'test/register/apps/app.cjs'), 'utf8');
    const stdin = { contents, resolveDir: folder };
    await build({ stdin, outfile, bundle: true, platform: 'node', format, packages, logLevel: 'error' });
  }

  it.each([
    ['cjs', 'external'],
    ['esm', 'bundle'],
  ] as const)('records where the package is installed beside: %s, %s', async (format, packages) => {
    const outfile = join(folder, format === 'cjs' ? 'one-file.cjs' : 'one-file.mjs');
    await bundle(outfile, format, packages);
    const result = await runNode(['--require', 'signal-otel/register', outfile], { cwd: folder, env });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain("name: 'signal.training.loss'");
  });

  it.each(['cjs', 'esm'] as const)('says what to do where the package is nowhere else: %s', async (format) => {
    using elsewhere = new TemporaryFolder();
    const outfile = join(elsewhere.path, format === 'cjs' ? 'one-file.cjs' : 'one-file.mjs');
    await bundle(outfile, format, 'bundle');
    const result = await runNode([outfile], { cwd: elsewhere.path, env });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/signal-otel cannot be a part of a bundle .*: leave it external/);
  });
});
