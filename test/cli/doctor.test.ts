import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode, startNode } from '../support/child.ts';
import { answer, type Behaviour, FaultyServer, hang, raw } from '../support/faulty-server.ts';
import { listen } from '../support/local-server.ts';
import { startOtlpServer } from '../support/otlp-server.ts';
import { freePort } from '../support/ports.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { selfSigned } from '../support/tls.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const command = join(root, 'dist/cli/main.js');

/** What no run may show, whoever says it. */
const secrets = {
  apiKey: 'Dd+Api/Key-0001',
  appKey: 'Dd=App.Key-0002',
  header: 'Header Value 0003',
  query: 'query-value-0004',
  password: 'password-0005',
};

const keys = { DATADOG_API_KEY: secrets.apiKey, DD_APP_KEY: secrets.appKey };

/** With each run, so that each could show it. */
const headers = { OTEL_EXPORTER_OTLP_HEADERS: `api-key=${encodeURIComponent(secrets.header)}` };

interface Row {
  readonly check: string;
  readonly verdict: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly found: string;
  readonly next?: string;
  readonly table?: readonly object[];
}

interface Run {
  readonly code: number | null;
  readonly rows: readonly Row[];
}

async function run(args: readonly string[], env: Record<string, string>, cwd = root, program = command) {
  const result = await runNode([program, 'doctor', ...args], { env: { ...headers, ...env }, cwd });
  const shown = result.stdout + result.stderr;
  for (const secret of Object.values(secrets)) {
    for (const form of [secret, encodeURIComponent(secret), secret.toLowerCase()]) expect(shown).not.toContain(form);
  }
  return result;
}

/** The findings of a run, which says nothing else. */
async function doctor(env: Record<string, string>, cwd = root, program = command): Promise<Run> {
  const { code, stdout, stderr } = await run(['--json'], env, cwd, program);
  expect(stderr).toBe('');
  const rows: Row[] = JSON.parse(stdout);
  for (const { verdict, next } of rows) {
    // Who is told of a fault is told what to do.
    expect(next !== undefined).toBe(verdict === 'warning' || verdict === 'failed');
  }
  expect(code).toBe(rows.some(({ verdict }) => verdict === 'failed') ? 1 : 0);
  return { code, rows };
}

function of(check: string, { rows }: Run): Row[] {
  return rows.filter((row) => row.check === check);
}

/** A receiver that nothing is sent to. */
async function nobody(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

interface DatadogOptions {
  readonly metrics?: readonly string[];
  readonly clockMillis?: number;
  readonly apiKey?: string;
  readonly appKey?: string;
}

/** What the doctor asks of Datadog's API. A refusal sends back what was sent. */
function startDatadogApi({ metrics = [], clockMillis = 0, ...good }: DatadogOptions = {}) {
  const { apiKey = secrets.apiKey, appKey = secrets.appKey } = good;
  return startServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://datadog');
    response.setHeader('date', new Date(Date.now() + clockMillis).toUTCString());
    const needsAppKey = pathname !== '/api/v1/validate';
    const isGood = request.headers['dd-api-key'] === apiKey;
    if (!isGood || (needsAppKey && request.headers['dd-application-key'] !== appKey)) {
      response.writeHead(403, JSON.stringify(request.headers)).end(JSON.stringify({ errors: [request.headers] }));
    } else if (pathname === '/api/v1/validate') response.end('{"valid": true}');
    else if (pathname === '/api/v1/dashboard') response.end('{"dashboards": []}');
    else if (pathname === '/api/v1/metrics') {
      const isLastHour = Math.abs(Number(searchParams.get('from')) - (Date.now() / 1_000 - 3_600)) < 60;
      response.end(JSON.stringify({ from: searchParams.get('from'), metrics: isLastHour ? metrics : [] }));
    } else response.writeHead(404).end();
  });
}

function startServer(respond: Respond) {
  return listen(createServer(respond));
}

describe('signal-otel doctor', () => {
  it('finds nothing wrong where all is well, and has the test metric arrive', async () => {
    await using receiver = await startOtlpServer();
    await using datadog = await startDatadogApi({ metrics: ['signal.training.loss', 'system.cpu.user'] });
    const result = await doctor({ ...keys, DATADOG_HOST: datadog.url, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(result.rows.filter(({ verdict }) => verdict === 'failed' || verdict === 'warning')).toEqual([]);
    expect(of('Delivery', result)).toEqual([
      {
        check: 'Delivery',
        verdict: 'ok',
        found: expect.stringMatching(`^signal.test.metric = 1 was sent, and ${receiver.url}/v1/metrics has taken it`),
      },
    ]);
    expect(of('Datadog keys', result).map(({ verdict }) => verdict)).toEqual(['ok', 'ok']);
    expect(of('Clock', result).map(({ verdict }) => verdict)).toEqual(['ok', 'ok']);
    expect(of('Names at Datadog', result)[0]?.found).toContain('1 metric of signal.*');
    const posts = receiver.requests.filter(({ body }) => body.includes('signal.test.metric'));
    expect(posts).toHaveLength(1);
    // No event: it could call someone out of bed.
    expect(new Set(receiver.requests.map(({ path }) => path))).toEqual(new Set(['/v1/metrics']));
  });

  it('as text: a heading for each group, arrows before what to do, a count at the end, no colours for nobody', async () => {
    const { code, stdout, stderr } = await run([], { OTEL_EXPORTER_OTLP_ENDPOINT: await nobody() });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^Delivery\n {2}failed {3}http:.*ECONNREFUSED.*\n {11}-> no Collector listens there/m);
    expect(stdout).toMatch(/\n\n1 failed, \d+ ok, \d+ skipped\n$/);
    expect(stdout).not.toContain('\u001b');
  });

  it('has a help, and refuses what it does not know', async () => {
    expect(await run(['--help'], {})).toMatchObject({ code: 0, stdout: expect.stringContaining('--env-file') });
    expect(await run(['--yaml'], {})).toMatchObject({ code: 2, stderr: expect.stringContaining("'--yaml'") });
    expect((await runNode([command, '--help'])).stdout).toContain('signal-otel doctor');
  });
});

describe('variables', () => {
  it('are told where they are bad or misspelt, with what to do', async () => {
    const result = await doctor({
      OTEL_EXPORTER_OTLP_ENDPOINT: await nobody(),
      OTEL_METRIC_EXPORT_INTERVAL: '10s',
      SIGNAL_SPOOL_DIRECTORY: '/var',
      DATADOG_API_KEYS: secrets.apiKey,
    });
    expect(of('Variables', result)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          verdict: 'failed',
          found: expect.stringContaining('OTEL_METRIC_EXPORT_INTERVAL takes a whole number'),
        }),
        expect.objectContaining({
          verdict: 'warning',
          next: 'rename it to SIGNAL_SPOOL_DIR, if that is meant',
        }),
      ]),
    );
  });

  it.each([
    [{}, 'metrics, spans, log records: by OTLP to the Collector at http://localhost:4318'],
    [{ OTEL_METRICS_EXPORTER: 'console' }, 'metrics: printed on the console'],
    [{ OTEL_METRICS_EXPORTER: 'none' }, 'metrics go nowhere: OTEL_METRICS_EXPORTER is none'],
    [{ OTEL_SDK_DISABLED: 'true' }, 'nothing is recorded or sent: OTEL_SDK_DISABLED is true'],
    [
      { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: '1' },
      'metrics: Prometheus fetches them at http://127.0.0.1:1/metrics',
    ],
    [
      { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://localhost:1/logs' },
      'log records: by OTLP to the Collector at http://localhost:1/logs',
    ],
    [
      { OTEL_CONFIG_FILE: join(root, 'package.json') },
      '@opentelemetry/sdk-node does the sending: OTEL_CONFIG_FILE asks for it',
    ],
  ])('%j: %s', async (env, found) => {
    const result = await doctor(env);
    expect(of('Variables', result).map((row) => row.found)).toContain(found);
  });

  it('straight to Datadog: both of its addresses, and the metric arrives at the intake', async () => {
    await using intake = await startOtlpServer();
    await using datadog = await startDatadogApi();
    const result = await doctor({
      ...keys,
      DATADOG_ENABLED: 'true',
      DATADOG_HOST: `${datadog.url.replace('//', `//user:${secrets.password}@`)}/?key=${secrets.query}`,
      DATADOG_OTLP_ENDPOINT: intake.url,
    });
    const found = of('Variables', result).map((row) => row.found);
    expect(found).toContain(`metrics, spans, log records: straight to Datadog at ${intake.url}`);
    expect(found).toContain(`events, service checks: to Datadog's API at ${datadog.url}`);
    expect(of('Delivery', result)[0]?.verdict).toBe('ok');
    expect(intake.requests.some(({ body }) => body.includes('signal.test.metric'))).toBe(true);
  });
});

describe('copies of the API', () => {
  function install(folder: string, version: string): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: '@opentelemetry/api', version, main: 'index.js' }),
    );
    writeFileSync(join(folder, 'index.js'), '');
  }

  it('of two versions, in nested folders and in the store of pnpm, are named', async () => {
    using folder = new TemporaryFolder();
    const modules = join(folder.path, 'node_modules');
    install(join(modules, '.pnpm/@opentelemetry+api@1.9.0/node_modules/@opentelemetry/api'), '1.9.0');
    mkdirSync(join(modules, '@opentelemetry'));
    symlinkSync(
      '../.pnpm/@opentelemetry+api@1.9.0/node_modules/@opentelemetry/api',
      join(modules, '@opentelemetry/api'),
    );
    install(join(modules, '@scope/old/node_modules/@opentelemetry/api'), '1.8.0');
    install(join(modules, '.pnpm/@opentelemetry+api@1.7.0/node_modules/@opentelemetry/api'), '1.7.0');
    const result = await doctor({ OTEL_SDK_DISABLED: 'true' }, folder.path);
    const [copies] = of('Installation', result).filter(({ verdict }) => verdict === 'failed');
    expect(copies?.found).toMatch(/^4 copies of @opentelemetry\/api/);
    const inStore = 'node_modules/.pnpm/@opentelemetry+api@1.9.0/node_modules/@opentelemetry/api';
    expect(copies?.found).toContain(`1.9.0 at ${inStore} (the application's)`);
    expect(copies?.found).toContain('1.7.0 at node_modules/.pnpm/@opentelemetry+api@1.7.0/');
    expect(copies?.found).toContain('1.8.0 at node_modules/@scope/old/node_modules/@opentelemetry/api');
    expect(copies?.found).toContain("(this package's)");
    expect(copies?.next).toMatch(/npm ls @opentelemetry\/api.*npm dedupe/);
  });

  it('of one version see each other: a warning', async () => {
    using folder = new TemporaryFolder();
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules/@opentelemetry/api/package.json'), 'utf8'));
    install(join(folder.path, 'node_modules/@opentelemetry/api'), version);
    const result = await doctor({ OTEL_SDK_DISABLED: 'true' }, folder.path);
    expect(of('Installation', result)[1]).toMatchObject({
      verdict: 'warning',
      found: expect.stringMatching(/^2 copies/),
    });
  });

  /** The package without what it depends on. */
  function installPackage(folder: string): string {
    const own = join(folder, 'node_modules/signal-otel');
    cpSync(join(root, 'dist'), join(own, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(own, 'package.json'));
    return join(own, 'dist/cli/main.js');
  }

  const next = "npm install '@opentelemetry/api@>=1.10.0 <1.11.0'";

  it('none at all: says how to install it', async () => {
    using folder = new TemporaryFolder();
    const result = await doctor({}, folder.path, installPackage(folder.path));
    expect(of('Installation', result)).toContainEqual({
      check: 'Installation',
      verdict: 'failed',
      found: expect.stringContaining('@opentelemetry/api is not installed'),
      next,
    });
    expect(of('Everything else', result)).toMatchObject([{ verdict: 'skipped' }]);
  });

  it('of a version that the package cannot use: says which it can', async () => {
    using folder = new TemporaryFolder();
    install(join(folder.path, 'node_modules/@opentelemetry/api'), '1.9.0');
    const result = await doctor({}, folder.path, installPackage(folder.path));
    expect(of('Installation', result)).toContainEqual({
      check: 'Installation',
      verdict: 'failed',
      found: '@opentelemetry/api is 1.9.0; this package needs >=1.10.0 <1.11.0',
      next,
    });
    expect(of('Everything else', result)).toMatchObject([{ verdict: 'failed' }]);
  });
});

describe('keys', () => {
  const disabled = { OTEL_SDK_DISABLED: 'true' };

  it('that Datadog does not know fail, each with its name', async () => {
    await using datadog = await startDatadogApi({ apiKey: 'another' });
    const wrongApi = of('Datadog keys', await doctor({ ...disabled, ...keys, DATADOG_HOST: datadog.url }));
    expect(wrongApi).toMatchObject([
      {
        verdict: 'failed',
        found: expect.stringContaining('the API key is wrong'),
        next: expect.stringContaining('DD_SITE'),
      },
      { verdict: 'skipped' },
    ]);
    await using other = await startDatadogApi({ appKey: 'another' });
    const wrongApp = of('Datadog keys', await doctor({ ...disabled, ...keys, DATADOG_HOST: other.url }));
    expect(wrongApp).toMatchObject([
      { verdict: 'ok' },
      {
        verdict: 'failed',
        found: expect.stringContaining('dashboards_read'),
        next: expect.stringContaining('DATADOG_APP_KEY'),
      },
    ]);
  });

  it('cannot be judged where nobody answers, or somebody else does', async () => {
    const host = await nobody();
    const [silent] = of('Datadog keys', await doctor({ ...disabled, DD_API_KEY: secrets.apiKey, DATADOG_HOST: host }));
    expect(silent).toMatchObject({
      verdict: 'failed',
      found: expect.stringContaining(`${host} does not answer (ECONNREFUSED)`),
    });
    await using page = await startServer((_, response) => void response.end('<html>sign in</html>'));
    const [other] = of(
      'Datadog keys',
      await doctor({ ...disabled, DD_API_KEY: secrets.apiKey, DATADOG_HOST: page.url }),
    );
    expect(other).toMatchObject({ verdict: 'warning', found: expect.stringContaining('answers 200') });
  });

  it('are not used where DATADOG_ENABLED is false', async () => {
    await using datadog = await startServer((_, response) => void response.writeHead(500).end());
    const result = await doctor({ ...disabled, ...keys, DATADOG_HOST: datadog.url, DATADOG_ENABLED: 'false' });
    expect(of('Datadog keys', result)).toMatchObject([{ verdict: 'skipped', found: expect.stringContaining('false') }]);
  });
});

// They wait for the pipeline, most of the time.
describe.concurrent('a test metric that does not arrive', () => {
  async function deliver(behaviour: Behaviour, env: Record<string, string> = {}): Promise<Row | undefined> {
    await using server = await FaultyServer.start({ otherwise: () => behaviour });
    const result = await doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.port}`, ...env });
    return of('Delivery', result)[0];
  }

  // What a gRPC server says first.
  const settingsFrame = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const page = answer(200, { headers: { 'Content-Type': 'text/html' }, body: '<html>' });
  const partialSuccess = answer(200, {
    headers: { 'Content-Type': 'application/json' },
    body: '{"partialSuccess":{"rejectedDataPoints":"1"}}',
  });

  it.each<[string, Behaviour, Row['verdict'], RegExp, RegExp]>([
    [
      'a wrong key',
      answer(403, { body: secrets.header }),
      'failed',
      /answers 403; \d+ points? dropped \(refused\): the receiver will never/,
      /OTEL_EXPORTER_OTLP_HEADERS/,
    ],
    ['a wrong path', answer(404), 'failed', /answers 404/, /without \/v1\/metrics.*4317 is gRPC's/],
    ['a gRPC port', raw(settingsFrame), 'failed', /does not speak HTTP/, /4318.*OTEL_EXPORTER_OTLP_PROTOCOL=grpc/],
    ['a web page', page, 'failed', /web page/, /no OTLP receiver/],
    ['a Collector without its backend', answer(503), 'failed', /answers 503; an application keeps/, /log says why/],
    ['a receiver that never answers', hang('request'), 'failed', /no answer in time/, /firewall/],
    ['a 200 of another kind', answer(200, { body: 'ok' }), 'warning', /but not as an OTLP receiver/, /OTLP receiver\?/],
    ['points left out', partialSuccess, 'failed', /1 point dropped \(rejected\): the receiver took/, /receiver's log/],
  ])('%s', async (_, behaviour, verdict, found, next) => {
    const row = await deliver(behaviour);
    expect(row).toMatchObject({
      verdict,
      found: expect.stringMatching(found),
      next: expect.stringMatching(next),
    });
  });

  it('a host that nobody knows, a certificate that nobody has signed', async () => {
    const [unknown] = of('Delivery', await doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://nowhere.invalid:4318' }));
    expect(unknown).toMatchObject({ verdict: 'failed', next: expect.stringMatching(/nobody knows that host/) });
    await using server = await FaultyServer.start({ tls: selfSigned });
    const [untrusted] = of(
      'Delivery',
      await doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: `https://localhost:${server.port}` }),
    );
    expect(untrusted).toMatchObject({
      verdict: 'failed',
      next: expect.stringContaining('OTEL_EXPORTER_OTLP_CERTIFICATE'),
    });
  });

  it('names the variable that holds for metrics alone', async () => {
    const row = await deliver(answer(404), { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: await nobody() });
    expect(row?.next).toContain('set OTEL_EXPORTER_OTLP_METRICS_ENDPOINT');
  });

  it('by sdk-node', { timeout: 30_000 }, async () => {
    const result = await doctor({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: await nobody(),
      SIGNAL_MAX_SERIES: 'many',
    });
    expect(of('Variables', result).map((row) => row.found)).toContain(
      '@opentelemetry/sdk-node does the sending: OTEL_EXPORTER_OTLP_PROTOCOL asks for it',
    );
    expect(of('Delivery', result)[0]).toMatchObject({
      verdict: 'failed',
      found: expect.stringMatching(/^@opentelemetry\/sdk-node does not deliver signal.test.metric: .*ECONNREFUSED/),
    });
  });
});

describe('the Prometheus endpoint', () => {
  it('of a running application shows what it has, and what it dropped', async () => {
    await using receiver = await startOtlpServer();
    receiver.answerWith(400);
    const port = String(await freePort());
    const env = { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: port };
    await using application = await startNode(['--require', 'signal-otel/register', 'test/register/apps/waiting.mjs'], {
      cwd: root,
      env: {
        ...env,
        OTEL_METRICS_EXPORTER: 'prometheus,otlp',
        OTEL_METRIC_EXPORT_INTERVAL: '100',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      },
    });
    await application.waitForOutput(/cannot deliver/);
    const result = await doctor(env);
    const [shown, dropped] = of('Prometheus', result);
    expect(shown).toMatchObject({ verdict: 'ok', found: expect.stringMatching(/shows \d+ metrics of signal_\*/) });
    expect(dropped).toMatchObject({
      verdict: 'warning',
      found: expect.stringMatching(
        /signal_otel_points_dropped_total of metrics, refused: \d+ \(the receiver will never/,
      ),
    });
    expect(of('Delivery', result)).toMatchObject([{ verdict: 'skipped' }]);
  });

  it('is nowhere: no application runs', async () => {
    const result = await doctor({
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
    });
    expect(of('Prometheus', result)).toMatchObject([
      { verdict: 'warning', found: expect.stringContaining('no application runs with this setting now') },
    ]);
  });
});

describe('the series of a running application', () => {
  async function examined(runs: number, env: Record<string, string>, args?: readonly string[]) {
    const endpoint = { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
    const app = 'test/register/apps/cardinality/collectors.mjs';
    await using application = await startNode(['--require', 'signal-otel/register', app, String(runs)], {
      cwd: root,
      env: { ...endpoint, ...env },
    });
    await application.waitForOutput(/training/);
    if (args !== undefined) return { text: (await run(args, { ...endpoint, ...env })).stdout, rows: [] };
    return { text: '', rows: of('Series', await doctor({ ...endpoint, ...env })) };
  }

  it('are counted by metric and attribute, and what drives them is said with the setting', async () => {
    const { rows } = await examined(30, {});
    const [counted, cost] = rows;
    // 4 of training and 2 durations of each run, and the count of the series.
    expect(counted).toMatchObject({
      verdict: 'ok',
      found: expect.stringMatching(
        /^181 series of 7 metrics at http.*; 180 live ones count towards SIGNAL_MAX_SERIES \(200000\)$/,
      ),
    });
    const duration = { series: 30, attribute: 'run_id', values: 30, custom_metrics: 150 };
    expect(counted?.table).toEqual([
      { metric: 'signal.performance.forward_backward_duration_ms', ...duration },
      { metric: 'signal.performance.optim_step_duration_ms', ...duration },
      ...[
        'signal_training_perplexity',
        'signal.training.current_step',
        'signal.training.loss',
        'signal.training.step',
      ].map((metric) => ({ metric, ...duration, custom_metrics: 30 })),
      { metric: 'signal.otel.series', series: 1, attribute: '-', values: 0, custom_metrics: 1 },
    ]);
    // 6 x 30 series without run_id and user_id are 6: 2 of durations, which count five times.
    expect(cost).toMatchObject({
      verdict: 'warning',
      found: expect.stringMatching(
        /^about 421 custom metrics at Datadog.*; 721 with percentiles. 406 of them by run_id \(30 values\) and user_id \(3 values\)$/,
      ),
      next: expect.stringContaining(
        'SIGNAL_OMIT_ATTRIBUTES=run_id:signal.performance.*,user_id:signal.performance.* (omitAttributes',
      ),
    });
  });

  it('of few runs are no reason for a warning', async () => {
    const { rows } = await examined(2, {});
    expect(rows.map(({ verdict }) => verdict)).toEqual(['ok', 'ok']);
    expect(rows[1]?.found).toContain('by run_id (2 values) and user_id (2 values)');
  });

  it('that come near the limit are a warning', async () => {
    const { rows } = await examined(150, { SIGNAL_MAX_SERIES: '1000' });
    expect(rows[0]).toMatchObject({
      verdict: 'warning',
      found: expect.stringContaining('900 live ones count towards SIGNAL_MAX_SERIES (1000)'),
      next: expect.stringContaining('collector.end()'),
    });
  });

  it('as text: a table in columns', async () => {
    const { text } = await examined(2, {}, []);
    const [, ...lines] = /^Series\n(.*)\n((?: {11}.*\n)+)/m.exec(text) ?? [];
    const table = lines[1]?.trimEnd().split('\n') ?? [];
    expect(table[0]).toMatch(/^ {11}metric +series {2}attribute {2}values {2}custom_metrics$/);
    expect(table[1]).toMatch(/^ {11}signal\.performance\.forward_backward_duration_ms +2 {2}run_id +2 +10$/);
    expect(new Set(table.map((line) => line.length)).size).toBe(1);
  });

  it('are not to be seen without a Prometheus endpoint, which is said with what opens one', async () => {
    const result = await doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: await nobody() });
    expect(of('Series', result)).toMatchObject([
      { verdict: 'skipped', found: expect.stringContaining('OTEL_METRICS_EXPORTER=otlp,prometheus') },
    ]);
  });
});

describe('the clock', () => {
  const disabled = { OTEL_SDK_DISABLED: 'true', DD_API_KEY: secrets.apiKey };

  it.each([
    [3_600_000, 'failed', /60 min behind/],
    [-3_600_000, 'failed', /60 min ahead of/],
    [120_000, 'warning', /(119|120|121) s behind/],
    [0, 'ok', /agrees/],
  ])("%i ms from Datadog's: %s", async (clockMillis, verdict, found) => {
    await using datadog = await startDatadogApi({ clockMillis });
    const [row] = of('Clock', await doctor({ ...disabled, DATADOG_HOST: datadog.url }));
    expect(row).toMatchObject({ verdict, found: expect.stringMatching(found) });
  });

  it("the receiver's, too", async () => {
    await using receiver = await startServer((_, response) => {
      response.writeHead(200, { date: new Date(Date.now() + 3_600_000).toUTCString() }).end();
    });
    const result = await doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(of('Clock', result)).toMatchObject([{ verdict: 'failed', found: expect.stringContaining(receiver.url) }]);
    expect(of('Delivery', result)[0]?.verdict).toBe('ok');
  });
});

describe('names at Datadog', () => {
  const disabled = { OTEL_SDK_DISABLED: 'true' };

  it('with another prefix are told, those of others are not', async () => {
    const wrong = ['signal_training_loss', 'signal_training_step_total', 'myapp.signal.training.loss', 'training.loss'];
    const echo = `${secrets.apiKey}.signal.training.grad_norm`;
    await using datadog = await startDatadogApi({ metrics: ['system.load.1', 'signal.test.metric', ...wrong, echo] });
    const rows = of('Names at Datadog', await doctor({ ...disabled, ...keys, DATADOG_HOST: datadog.url }));
    expect(rows).toMatchObject([
      { verdict: 'warning', found: 'no metric of signal.* arrived in the last hour, signal.test.metric apart' },
      {
        verdict: 'warning',
        found: `with another prefix than signal.: ${wrong.join(', ')}, (hidden).signal.training.grad_norm`,
        next: expect.stringContaining('namespace'),
      },
    ]);
  });

  it('are skipped without an application key', async () => {
    await using datadog = await startDatadogApi();
    const result = await doctor({ ...disabled, DD_API_KEY: secrets.apiKey, DATADOG_HOST: datadog.url });
    expect(of('Names at Datadog', result)).toMatchObject([
      { verdict: 'skipped', found: expect.stringContaining('DATADOG_APP_KEY') },
    ]);
  });
});

describe('the spool', () => {
  it('is looked at and left as it is, also where the receiver would refuse what waits', async () => {
    using folder = new TemporaryFolder();
    await using receiver = await startOtlpServer();
    receiver.answerWith(403);
    const env = { SIGNAL_SPOOL_DIR: folder.path, OTEL_EXPORTER_OTLP_ENDPOINT: await nobody() };
    await runNode(['--require', 'signal-otel/register', 'test/register/apps/app.mjs'], { cwd: root, env });
    const left = readdirSync(folder.path);
    const damaged = '1000-0123456789abcdef.sqlite.damaged';
    writeFileSync(join(folder.path, damaged), 'not SQLite');
    const [file = ''] = left.filter((name) => name.endsWith('.sqlite'));
    const twoHoursAgo = Date.now() / 1_000 - 7_200;
    for (const name of left) utimesSync(join(folder.path, name), twoHoursAgo, twoHoursAgo);
    const before = readdirSync(folder.path);
    const result = await doctor({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(file).not.toBe('');
    expect(readdirSync(folder.path)).toEqual(before);
    expect(of('Spool', result)).toMatchObject([
      { verdict: 'ok', found: `${folder.path} can be written to` },
      { verdict: 'ok', found: expect.stringMatching(/^1 file, \d+ kB on disk, the oldest made 0 min ago$/) },
      { verdict: 'warning', found: expect.stringContaining('1 file not written to for over an hour') },
      { verdict: 'warning', found: `${damaged}: what was in it is lost` },
    ]);
    expect(receiver.requests.map(({ path }) => path)).not.toContain('/v1/traces');
  });

  it('that cannot be used fails, one that is not there yet does not', async () => {
    using folder = new TemporaryFolder();
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    const disabled = { OTEL_SDK_DISABLED: 'true' };
    expect(of('Spool', await doctor({ ...disabled, SIGNAL_SPOOL_DIR: file }))).toMatchObject([{ verdict: 'failed' }]);
    expect(of('Spool', await doctor({ ...disabled, SIGNAL_SPOOL_DIR: join(file, 'below') }))).toMatchObject([
      { verdict: 'failed' },
    ]);
    const missing = join(folder.path, 'a/b');
    expect(of('Spool', await doctor({ ...disabled, SIGNAL_SPOOL_DIR: missing }))).toMatchObject([
      { verdict: 'ok', found: expect.stringContaining('does not exist yet') },
    ]);
    expect(readdirSync(dirname(file))).toEqual(['file']);
  });
});
