import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type Binary,
  cacheFolder,
  collectorBinary,
  kafkaBrokerBinary,
  kafkaCollectorBinary,
} from '../test/support/binaries.ts';

const collectorFolder = fileURLToPath(new URL('../collector', import.meta.url));
const prometheusVersion = 'v0.316.0';

/** Builds the Collector of collector/builder.yaml from source into the cache. */
export async function buildCollector(): Promise<void> {
  requireGo();
  console.log('Building a Collector with Go: about 8 minutes and 6 GB of memory, the first time.');
  await buildManifest(join(collectorFolder, 'builder.yaml'), collectorBinary);
}

/** Builds the Collector of collector/kafka/builder.yaml, and the tests' broker, into the cache. */
export async function buildKafka(): Promise<void> {
  requireGo();
  console.log('Building a Collector with Kafka, and a broker, with Go: about 8 minutes, the first time.');
  await buildManifest(join(collectorFolder, 'kafka', 'builder.yaml'), kafkaCollectorBinary);
  const broker = join(cacheFolder, kafkaBrokerBinary.nameInCache);
  await go(join(collectorFolder, 'kafka', 'broker'), ['build', '-trimpath', '-ldflags=-s -w', '-o', broker, '.']);
}

async function buildManifest(manifestFile: string, { nameInCache }: Binary): Promise<void> {
  const manifest = await readFile(manifestFile, 'utf8');
  const version = /^ {2}version: (\S+)$/m.exec(manifest)?.[1];
  if (version === undefined) throw new Error(`${manifestFile} names no version.`);

  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'signal-otel-collector-'));
  const sources = join(folder, 'build');
  const part = join(cacheFolder, `${nameInCache}.part`);
  try {
    const builder = `go.opentelemetry.io/collector/cmd/builder@v${version}`;
    await go(folder, ['run', builder, '--config', manifestFile, '--skip-get-modules', '--skip-compilation']);
    // The builder would run `go mod tidy`, which also wants every module that only tests of modules need.
    await go(sources, ['mod', 'init', 'signal-otel/collector']);
    const modules = [...manifest.matchAll(/^ *- gomod: (\S+) (\S+)$/gm)].map(([, path, pin]) => `${path}@${pin}`);
    const required = [...modules, `go.opentelemetry.io/collector/otelcol@v${version}`];
    await go(sources, ['mod', 'edit', '-go=1.25.0', ...required.map((module) => `-require=${module}`)]);
    await go(sources, ['build', '-v', '-mod=mod', '-trimpath', '-ldflags=-s -w', '-o', part, '.']);
    await rename(part, join(cacheFolder, nameInCache));
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(part, { force: true });
  }
}

/** Builds Prometheus and promtool from source into the cache. */
export async function buildPrometheus(): Promise<void> {
  requireGo();
  console.log('Building Prometheus and promtool with Go: about 6 minutes, the first time.');
  await mkdir(cacheFolder, { recursive: true });
  const commands = ['prometheus', 'promtool'].map(
    (command) => `github.com/prometheus/prometheus/cmd/${command}@${prometheusVersion}`,
  );
  await go(cacheFolder, ['install', '-v', '-trimpath', '-ldflags=-s -w', ...commands]);
}

function requireGo(): void {
  if (spawnSync('go', ['version']).status !== 0) throw new Error('Go is not installed; building needs Go >= 1.25.');
}

async function go(cwd: string, args: readonly string[]): Promise<void> {
  const environment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOBIN: cacheFolder };
  const child = spawn('go', args, { cwd, env: environment, stdio: ['ignore', 'inherit', 'pipe'] });
  const exit = once(child, 'close');
  const lastLines: string[] = [];
  let lineCount = 0;
  for await (const line of createInterface(child.stderr)) {
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
    lineCount += 1;
    // Each line is a module fetched or a package compiled.
    if (lineCount % 100 === 0) console.log(`  go ${args[0]}: ${lineCount} modules and packages`);
  }
  const [code] = await exit;
  if (code !== 0) throw new Error(`\`go ${args.slice(0, 2).join(' ')}\` failed:\n${lastLines.join('\n')}`);
}
