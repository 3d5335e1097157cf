import { once } from 'node:events';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode, startNode } from '../support/child.ts';
import { type OtlpServer, startOtlpServer, valuesOf } from '../support/otlp-server.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const app = (name: string) => `test/register/apps/${name}`;
const LOSS = 0.125;

const run = (args: string[], env: Record<string, string>, flag = '--require') =>
  runNode([flag, 'signal-otel/register', ...args], { cwd: root, env });

/** The file sends JSON, at the end of the process. */
function byFile(server: OtlpServer, name = 'otel.yaml'): Record<string, string> {
  return { OTEL_CONFIG_FILE: app(`node-sdk/${name}`), RECEIVER: server.url };
}

function arrivals(server: OtlpServer, path: string, key: string): unknown[] {
  return server.requests.filter((request) => request.path === path).flatMap((request) => valuesOf(request, key));
}

const lossesIn = (server: OtlpServer) =>
  arrivals(server, '/v1/metrics', 'asDouble').filter((value) => value === LOSS || value === 0.5);
const namesIn = (server: OtlpServer) => arrivals(server, '/v1/traces', 'name');

describe('OTEL_CONFIG_FILE', () => {
  it.each([
    ['--require', 'app.cjs'],
    ['--import', 'app.mjs'],
  ])('%s %s: metrics and spans go where the file says, and nothing is said', async (flag, name) => {
    await using server = await startOtlpServer();
    expect(await run([app(name)], byFile(server), flag)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(arrivals(server, '/v1/metrics', 'name')).toContain('signal.training.loss');
    expect(namesIn(server)).toContain('signal.forward_backward');
  });

  it.each([
    ['absent.yaml', /could not load.*absent\.yaml/i],
    ['broken.yaml', /could not load.*file_format/i],
    ['invalid.yaml', /could not load.*meter_provider/i],
  ])('%s: one line says what is wrong, and the program runs as without it', async (name, message) => {
    await using server = await startOtlpServer();
    const result = await run([app('ends/app.cjs'), 'process', 'natural end with an exit code'], byFile(server, name));
    expect(result).toMatchObject({ code: 3, signal: null, stdout: '' });
    expect(result.stderr.trim().split('\n')).toEqual([expect.stringMatching(/^signal-otel: /)]);
    expect(result.stderr).toMatch(message);
    expect(server.requests).toEqual([]);
  });

  it('the handle flushes, and stops', async () => {
    await using server = await startOtlpServer();
    await using child = await startNode([app('node-sdk/handle.mjs')], { cwd: root, env: byFile(server) });
    await child.waitForOutput(/flushed/);
    expect(lossesIn(server)).toEqual([LOSS]);
    expect(namesIn(server)).toContain('signal.forward_backward');
    child.endInput('on\n');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.output()).toBe('flushed\nstopped\n');
    expect(lossesIn(server)).toEqual([LOSS, 0.5]);
  });
});

describe('the end of the process', () => {
  const ends = async (way: string, env: Record<string, string>) => {
    const args = [app('ends/app.cjs'), 'process', way];
    const [result, without] = await Promise.all([run(args, env), runNode(args, { cwd: root })]);
    return { result: visible(result), without: visible(without) };
  };

  it.each([
    'natural end',
    'natural end with an exit code',
    'SIGTERM',
    'SIGINT',
    'SIGHUP',
    'uncaught exception that the host handles',
  ])('%s: the last step arrives, once, and the end is what it would have been', async (way) => {
    await using server = await startOtlpServer();
    const { result, without } = await ends(way, byFile(server));
    expect(result).toEqual(without);
    expect(lossesIn(server)).toEqual([LOSS]);
    expect(namesIn(server)).toContain('signal.forward_backward');
  });

  it.each(['process.exit(7)', 'a SIGTERM handler that exits', 'uncaught exception', 'unhandled rejection'])(
    '%s: the end is what it would have been',
    async (way) => {
      await using server = await startOtlpServer();
      const { result, without } = await ends(way, byFile(server));
      expect(result).toEqual(without);
    },
  );

  describe('where nobody answers', () => {
    const deadlineMillis = 1_000;
    const hanging = createServer((socket) => socket.on('error', () => {}));
    let env: Record<string, string>;

    beforeAll(async () => {
      hanging.listen(0, '127.0.0.1');
      await once(hanging, 'listening');
      const address = hanging.address();
      if (address === null || typeof address === 'string') throw new Error('The server has no port.');
      env = {
        // The one exporter that waits for ever.
        OTEL_TRACES_EXPORTER: 'zipkin',
        OTEL_EXPORTER_ZIPKIN_ENDPOINT: `http://127.0.0.1:${address.port}`,
        OTEL_METRICS_EXPORTER: 'none',
        SIGNAL_SHUTDOWN_TIMEOUT: String(deadlineMillis),
      };
    });
    afterAll(() => hanging.close());

    it.each(['natural end with an exit code', 'SIGTERM'])('%s comes by its deadline, and says so', async (way) => {
      const started = performance.now();
      const { result, without } = await ends(way, env);
      // The deadline is a promise, not a speed; what a process needs besides is a small part of this.
      expect(performance.now() - started).toBeLessThan(deadlineMillis + 5_000);
      expect(result).toMatchObject({ code: without.code, signal: without.signal });
      expect(result.stderr).toMatch(/^signal-otel: .+ lost\n$/);
    });

    it('a program that goes on in a beforeExit listener of its own is left alone', async () => {
      await using child = await startNode(['--require', 'signal-otel/register', app('node-sdk/going-on.cjs')], {
        cwd: root,
        env,
      });
      await child.waitForOutput(/went on past the deadline/);
    });
  });
});

describe('what sdk-node alone has', () => {
  it.each([
    ['b3', { b3: expect.stringMatching(/^[0-9a-f]{32}-[0-9a-f]{16}-1$/) }],
    ['b3multi', { 'x-b3-traceid': expect.any(String), 'x-b3-spanid': expect.any(String), 'x-b3-sampled': '1' }],
  ])('OTEL_PROPAGATORS=%s', async (propagators, headers) => {
    await using server = await startOtlpServer();
    const result = await run([app('propagate.cjs')], {
      ...toHttp(server),
      OTEL_PROPAGATORS: propagators,
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual(headers);
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
  });

  it('OTEL_TRACES_EXPORTER=zipkin, with the metrics by OTLP as ever', async () => {
    await using server = await startOtlpServer();
    const result = await run([app('app.mjs')], {
      ...toHttp(server),
      OTEL_TRACES_EXPORTER: 'zipkin',
      OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${server.url}/api/v2/spans`,
      OTEL_SERVICE_NAME: 'trainer',
    });
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const spans = server.requests.find(({ path }) => path === '/api/v2/spans');
    const metrics = server.requests.find(({ path }) => path === '/v1/metrics');
    if (spans === undefined || metrics === undefined) throw new Error('nothing arrived');
    expect(JSON.parse(spans.body.toString())).toMatchObject([
      { name: 'signal.forward_backward', localEndpoint: { serviceName: 'trainer' } },
    ]);
    expect(valuesOf(metrics, 'asDouble')).toContain(0.25);
    // By the views: durations by their percentiles. And who sends is told as by the package's own pipeline.
    expect(valuesOf(metrics, 'exponentialHistogram')).toHaveLength(1);
    expect(valuesOf(metrics, 'key')).toEqual(expect.arrayContaining(['service.instance.id', 'host.name']));
    expect(valuesOf(metrics, 'key')).not.toContain('process.command_args');
  });
});

it.each([
  ['true', ['signal.optim_step']],
  ['false', []],
])("SIGNAL_INSTRUMENTATION=%s: whether calls of Signal's API are followed", async (isFollowed, spans) => {
  await using server = await startOtlpServer();
  const env = { ...byFile(server), SIGNAL_BASE_URL: server.url, SIGNAL_INSTRUMENTATION: isFollowed };
  expect(await run([app('node-sdk/calling.mjs')], env)).toMatchObject({ code: 0, stderr: '' });
  expect(namesIn(server).filter((name) => String(name).startsWith('signal.'))).toEqual(spans);
});

describe('stderr', () => {
  it('tells once that nothing arrives, and no keys', async () => {
    await using server = await startOtlpServer();
    server.answerWith(401);
    await using child = await startNode(['--require', 'signal-otel/register', app('waiting.mjs')], {
      cwd: root,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'api-key=geheim',
        OTEL_METRIC_EXPORT_INTERVAL: '50',
        OTEL_METRIC_EXPORT_TIMEOUT: '50',
        OTEL_PROPAGATORS: 'b3',
      },
    });
    await server.waitFor(() => server.requests.length >= 5);
    await child.kill('SIGTERM');
    expect(child.stderr().trim().split('\n')).toEqual([
      'signal-otel: @opentelemetry/sdk-node: PeriodicExportingMetricReader: metrics export failed (error OTLPExporterError: Unauthorized)',
    ]);
  });

  it('takes what the user wants to see of the SDK, all on stderr and without keys', async () => {
    await using server = await startOtlpServer();
    const result = await run([app('app.cjs')], {
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=geheim',
      OTEL_LOG_LEVEL: 'all',
      OTEL_PROPAGATORS: 'b3',
    });
    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect(result.stderr).toContain('signal-otel: started by @opentelemetry/sdk-node, as OTEL_PROPAGATORS asks\n');
    expect(result.stderr).not.toContain('geheim');
  });

  it('tells of variables that are the package’s own, and what has no effect', async () => {
    await using server = await startOtlpServer();
    const env = { ...byFile(server), SIGNAL_SHUTDOWN_TIMEOUT: 'soon', SIGNAL_SPOOL_DIR: '/nowhere' };
    const { stderr } = await run([app('app.cjs')], { ...env, OTEL_METRIC_EXPORT_INTERVAL: 'often' });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/SIGNAL_SHUTDOWN_TIMEOUT takes .*"soon"/),
      expect.stringMatching(/SIGNAL_SPOOL_DIR has no effect: OTEL_CONFIG_FILE has @opentelemetry\/sdk-node deliver$/),
    ]);
  });
});

it('keeps a MeterProvider that the host registered before, and says what becomes of the spans', async () => {
  await using server = await startOtlpServer();
  const result = await runNode([app('host-provider.cjs')], {
    cwd: root,
    env: { ...byFile(server), ...toHttp(server) },
  });
  expect(result.code).toBe(0);
  expect(JSON.parse(result.stdout)).toContain('signal.training.loss');
  expect(result.stderr.trim().split('\n')).toEqual([expect.stringMatching(/^signal-otel: OTEL_CONFIG_FILE holds for/)]);
  expect(server.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
});

it('OTEL_SDK_DISABLED=true starts nothing', async () => {
  await using server = await startOtlpServer();
  const result = await run([app('app.cjs')], { ...byFile(server), OTEL_SDK_DISABLED: 'true' });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(server.requests).toEqual([]);
});

describe('where sdk-node cannot be had', () => {
  it.each([
    ['is not installed', undefined, 'npm install @opentelemetry/sdk-node@VERSION. '],
    ['is broken', "throw new Error('half of it is missing')", 'does not load: half of it is missing. '],
    ['misses what it needs', "import 'absent'", "does not load: Cannot find package 'absent' imported from "],
  ])('%s: one line says so, and the package goes on', async (_, source, message) => {
    using folder = new TemporaryFolder();
    await installWithout(folder.path, source);
    await cp(join(root, app('app.mjs')), join(folder.path, 'app.mjs'));
    await using server = await startOtlpServer();
    const result = await runNode(['--require', 'signal-otel/register', 'app.mjs'], {
      cwd: folder.path,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    });
    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect(result.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^signal-otel: OTEL_EXPORTER_OTLP_PROTOCOL asks for what only @opentelemetry\/sdk-node does; /,
      ),
    ]);
    expect(result.stderr).toContain(message.replace('VERSION', await versionOfSdk()));
    expect(server.requests.map(({ path }) => path).sort()).toEqual(['/v1/metrics', '/v1/traces']);
    expect(server.requests[0]?.contentType).toBe('application/x-protobuf');
  });
});

/** What the tests run, and npm installs here. */
async function versionOfSdk(): Promise<string> {
  const manifest: { devDependencies: Record<string, string> } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  );
  return manifest.devDependencies['@opentelemetry/sdk-node'] ?? '';
}

const toHttp = (server: OtlpServer) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
});

/** The built package in a folder of its own, with all that it needs but sdk-node; with `source` in its place if given. */
async function installWithout(folder: string, source: string | undefined): Promise<void> {
  const modules = join(folder, 'node_modules');
  const manifest: { dependencies: object } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const part of ['package.json', 'dist']) {
    await cp(join(root, part), join(modules, 'signal-otel', part), { recursive: true });
  }
  for (const name of [...Object.keys(manifest.dependencies), '@opentelemetry/api']) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  if (source === undefined) return;
  const sdk = join(modules, '@opentelemetry/sdk-node');
  await mkdir(sdk);
  await writeFile(join(sdk, 'package.json'), JSON.stringify({ type: 'module', exports: './index.js' }));
  await writeFile(join(sdk, 'index.js'), source);
}

function visible({ code, signal, stdout, stderr }: Awaited<ReturnType<typeof runNode>>) {
  // Frames of the stack below the driver's own differ by the preload; the process id does in any case.
  return { code, signal, stdout, stderr: stderr.replace(/^\s+at .*\n/gm, '').replace(/\(node:\d+\)/g, '(node)') };
}
