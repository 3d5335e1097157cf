import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalogue, healthRules } from '../../src/catalogue/index.ts';
import { DASHBOARD_MARKER } from '../../src/dashboards/datadog-dashboard.ts';
import { type NodeResult, runNode } from '../support/child.ts';
import { type DatadogApi, startDatadogApi } from '../support/datadog-api.ts';
import { listen } from '../support/local-server.ts';
import { asRecord } from '../support/shape.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const command = join(root, 'dist/cli/main.js');

const percentiled = 'signal.performance.forward_backward_duration_ms';
const types = { gauge: 'gauge', counter: 'count', histogram: 'distribution', upDownCounter: 'gauge' } as const;
/** Every metric of the catalogue, as an account has them after a run. */
const afterRun = Object.fromEntries(catalogue.map(({ name, kind }) => [name, types[kind]]));

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly main?: string;
}

/** `signal-otel datadog` to its end. Whatever it does, it prints no key. */
async function datadog(
  args: readonly string[],
  { env = {}, cwd, main = command }: RunOptions = {},
): Promise<NodeResult> {
  const result = await runNode([main, 'datadog', ...args], { env, ...(cwd !== undefined && { cwd }) });
  for (const [variable, value] of Object.entries(env)) {
    if (/_KEY$/.test(variable)) expect(result.stdout + result.stderr).not.toContain(value);
  }
  return result;
}

const apply = (api: DatadogApi, ...args: string[]) => datadog(['apply', ...args], { env: api.env });

const writes = (api: DatadogApi) => api.requests.filter(({ method }) => method !== 'GET');

/** What a user does by hand. */
async function byHand(api: DatadogApi, method: string, path: string, body: unknown): Promise<void> {
  const headers = { 'dd-api-key': api.apiKey, 'dd-application-key': api.appKey };
  const response = await fetch(api.url + path, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
}

async function read(api: DatadogApi, path: string): Promise<Record<string, unknown>> {
  const headers = { 'dd-api-key': api.apiKey, 'dd-application-key': api.appKey };
  return JSON.parse(await (await fetch(api.url + path, { headers })).text());
}

const note = {
  definition: { type: 'note', content: 'mine' },
  layout: { x: 0, y: 200, width: 12, height: 2 },
};
const mine = { title: 'Mine', description: 'my own', layout_type: 'ordered', widgets: [note] };
const myMonitor = {
  name: 'Mine',
  type: 'query alert',
  query: 'avg(last_5m):avg:signal.training.loss{*} > 3',
  tags: ['team:ml'],
  options: { thresholds: { critical: 3 } },
};

describe('signal-otel datadog apply', () => {
  it('makes all in an empty account, but for metrics that Datadog has not seen', async () => {
    await using api = await startDatadogApi();
    const { code, stdout, stderr } = await apply(api);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('+ dashboard "Signal training runs"\n');
    expect(stdout).toContain('+ monitor "Signal training: KL divergence"\n');
    expect(stdout).toMatch(/not there yet: signal\.training\.loss, .*Start a run, then apply again/);
    expect(stdout).toContain(`Done: ${1 + healthRules.length} changes written.`);
    expect(api.dashboards).toHaveLength(1);
    expect(api.monitors).toHaveLength(healthRules.length);
    expect(api.metadata.size).toBe(0);
  });

  it('makes the rest after a run, and then has nothing to do', async () => {
    await using api = await startDatadogApi();
    await apply(api);
    for (const [name, type] of Object.entries(afterRun)) api.see(name, type);
    const second = await apply(api);
    expect(second.stdout).toContain('~ metadata of signal.training.loss\n');
    expect(second.stdout).toContain(`+ percentiles of ${percentiled}\n`);
    expect(api.metadata.get(percentiled)).toMatchObject({ unit: 'millisecond' });
    expect(api.metadata.size).toBe(catalogue.length);
    expect(api.tagConfigurations.get(percentiled)).toMatchObject({
      includePercentiles: true,
      excludeTagsMode: true,
      tags: [],
    });

    const written = writes(api).length;
    const third = await apply(api);
    expect(third).toMatchObject({ code: 0, stderr: '', stdout: 'Nothing to do: the account has it all.\n' });
    expect(writes(api)).toHaveLength(written);
  });

  it('shows what has been changed by hand, and puts it right; a dry run writes nothing', async () => {
    await using api = await startDatadogApi({ knownMetrics: afterRun });
    await apply(api);
    const [dashboard] = api.dashboards;
    const [monitor] = api.monitors;
    const json = await read(api, `/api/v1/dashboard/${dashboard?.id}`);
    const edited = JSON.parse(JSON.stringify(json).replace('"Learning rate"', '"LR"'));
    await byHand(api, 'PUT', `/api/v1/dashboard/${dashboard?.id}`, { ...edited, widgets: [...edited.widgets, note] });
    await byHand(api, 'PUT', `/api/v1/monitor/${monitor?.id}`, {
      query: `${monitor?.query.replace(/[^ ]+$/, '')}0.4`,
      options: { thresholds: { critical: 0.4 } },
    });
    await byHand(api, 'PUT', '/api/v1/metrics/signal.training.loss', { description: 'my loss' });
    const before = JSON.stringify([api.dashboards, api.monitors, [...api.metadata]]);
    const written = writes(api).length;

    const dry = await apply(api, '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toContain(
      [
        '~ dashboard "Signal training runs"',
        '    ~ widgets[1 "Learning rate"].definition.title',
        '        is       "LR"',
        '        becomes  "Learning rate"',
      ].join('\n'),
    );
    expect(dry.stdout).toMatch(/^ {4}- widgets\[\d+\]: \{"definition":\{"content":"mine","type":"note"\}/m);
    expect(dry.stdout).toMatch(/ {4}~ options\.thresholds\.critical\n {8}is {7}0\.4\n {8}becomes {2}0\.1\n/);
    expect(dry.stdout).toMatch(/~ description\n {8}is {7}"my loss"\n {8}becomes {2}"Training loss"\n/);
    expect(dry.stdout).toContain('A dry run: 3 changes to make, and none was written.');
    expect(writes(api)).toHaveLength(written);
    expect(JSON.stringify([api.dashboards, api.monitors, [...api.metadata]])).toBe(before);

    const wet = await apply(api);
    expect(wet.stdout.replace(/Done: .*/, '')).toBe(dry.stdout.replace(/A dry run: .*/, ''));
    expect(wet.stdout).toContain('Done: 3 changes written.');
    expect(writes(api)).toHaveLength(written + 3);
    expect(api.monitors[0]?.options?.thresholds).toMatchObject({ critical: 0.1, warning: 0.05 });
    expect((await apply(api)).stdout).toContain('Nothing to do');
  });

  it('leaves alone what users have of their own, beside its things and on them', async () => {
    await using api = await startDatadogApi({ knownMetrics: afterRun });
    await byHand(api, 'POST', '/api/v1/dashboard', mine);
    // A copy of one of the package's that the user has taken over: it is no longer managed.
    await byHand(api, 'POST', '/api/v1/monitor', { ...myMonitor, tags: [`signal_otel_rule:${healthRules[0].check}`] });
    await byHand(api, 'POST', `/api/v2/metrics/${percentiled}/tags`, {
      data: { type: 'manage_tags', id: percentiled, attributes: { metric_type: 'distribution', tags: ['run_id'] } },
    });
    const own = JSON.stringify([api.dashboards, api.monitors]);
    const { stdout } = await apply(api);
    expect(stdout).toMatch(/percentiles of .*\n {4}~ include_percentiles\n {8}is {7}false\n {8}becomes {2}true/);
    expect(api.tagConfigurations.get(percentiled)).toMatchObject({ includePercentiles: true, tags: ['run_id'] });
    expect(api.tagConfigurations.get(percentiled)?.excludeTagsMode).toBeUndefined();
    expect(JSON.stringify([api.dashboards.slice(0, 1), api.monitors.slice(0, 1)])).toBe(own);

    // What the package does not set stays when it writes what it sets.
    const [, dashboard] = api.dashboards;
    const [, monitor] = api.monitors;
    const json = await read(api, `/api/v1/dashboard/${dashboard?.id}`);
    await byHand(api, 'PUT', `/api/v1/dashboard/${dashboard?.id}`, { ...json, title: 'x', notify_list: ['me@a.com'] });
    const monitorJson = await read(api, `/api/v1/monitor/${monitor?.id}`);
    await byHand(api, 'PUT', `/api/v1/monitor/${monitor?.id}`, {
      name: 'x',
      tags: ['team:ml', ...(monitor?.tags ?? [])],
      options: { ...asRecord(monitorJson.options, 'options'), renotify_interval: 60 },
    });
    expect((await apply(api)).stdout).toContain('Done: 2 changes');
    expect(api.dashboards[1]).toMatchObject({ title: 'Signal training runs', notifyList: ['me@a.com'] });
    expect(api.monitors[1]).toMatchObject({
      name: 'Signal training: KL divergence',
      tags: expect.arrayContaining(['team:ml']),
      options: { renotifyInterval: 60 },
    });
  });

  it('takes the oldest of two with the same mark, and says which others there are', async () => {
    await using api = await startDatadogApi({ knownMetrics: afterRun });
    await apply(api);
    const [dashboard] = api.dashboards;
    const [monitor] = api.monitors;
    await byHand(api, 'POST', '/api/v1/dashboard', { ...mine, description: `a clone ${DASHBOARD_MARKER}` });
    await byHand(api, 'POST', '/api/v1/monitor', { ...myMonitor, tags: monitor?.tags });
    await byHand(api, 'POST', '/api/v1/monitor', {
      ...myMonitor,
      tags: ['managed_by:signal-otel', 'signal_otel_rule:signal.gone'],
    });
    const written = writes(api).length;
    const { stdout } = await apply(api);
    const [clone, last] = [api.dashboards.at(-1)?.id, api.monitors.at(-1)?.id ?? 0];
    expect(stdout).toMatch(new RegExp(`dashboard ${clone} has .* left as it is: the oldest counts, ${dashboard?.id}`));
    expect(stdout).toMatch(new RegExp(`monitor ${last - 1} has .* left as it is: the oldest counts, ${monitor?.id}`));
    expect(stdout).toContain(`monitor ${last} "Mine" is of a rule that there is no longer`);
    expect(stdout).toContain('Nothing to do');
    expect(writes(api)).toHaveLength(written);
  });

  it('finds its own among hundreds', async () => {
    await using api = await startDatadogApi({ knownMetrics: afterRun });
    for (let index = 0; index < 120; index += 1) {
      await byHand(api, 'POST', '/api/v1/dashboard', mine);
      await byHand(api, 'POST', '/api/v1/monitor', { ...myMonitor, tags: ['managed_by:signal-otel'] });
    }
    await apply(api);
    expect((await apply(api)).stdout).toContain('Nothing to do');
    expect(api.dashboards).toHaveLength(121);
    expect(api.monitors).toHaveLength(120 + healthRules.length);
  });

  it('has the monitors notify whom the user names', async () => {
    await using api = await startDatadogApi({ knownMetrics: afterRun });
    const handles = ['--notify', '@slack-ml', '--notify', '@me@example.com'];
    await apply(api, ...handles);
    for (const { message } of api.monitors) expect(message).toMatch(/\n\n@slack-ml @me@example\.com$/);
    expect((await apply(api, ...handles)).stdout).toContain('Nothing to do');
    expect((await apply(api, '--dry-run')).stdout).toMatch(/becomes .*"\n/);
  });

  it('goes on after a rate limit and a short outage', async () => {
    await using api = await startDatadogApi();
    api.failWith(429, 1);
    expect(await apply(api)).toMatchObject({ code: 0, stderr: '' });
    expect(api.requests.slice(0, 2).map(({ status }) => status)).toEqual([429, 200]);
    api.failWith(503, 1);
    expect(await apply(api)).toMatchObject({ code: 0, stderr: '' });
  });

  it('says how far it has come where writing fails, and goes on from there', async () => {
    const permissions = ['dashboards_read', 'dashboards_write', 'monitors_read', 'metrics_read'];
    await using api = await startDatadogApi({ permissions });
    const { code, stdout, stderr } = await apply(api);
    expect(code).toBe(1);
    expect(stdout).toContain('+ monitor');
    expect(stderr).toContain(`Written before this: 1 of ${1 + healthRules.length}.`);
    expect(stderr).toMatch(/DATADOG_APP_KEY.* lacks monitors_write/);
    expect((await apply(api, '--dry-run')).stdout).toContain(`A dry run: ${healthRules.length} changes`);
  });
});

describe('signal-otel datadog, where something is wrong', () => {
  it('says which key is wrong', async () => {
    await using api = await startDatadogApi();
    const host = new URL(api.url).host;
    const wrongApi = await datadog(['apply'], { env: { ...api.env, DATADOG_API_KEY: 'c'.repeat(32) } });
    expect(wrongApi).toMatchObject({ code: 1, stdout: '' });
    expect(wrongApi.stderr).toContain(`The API key (DATADOG_API_KEY) is none of ${host}`);
    const wrongApp = await datadog(['apply'], { env: { ...api.env, DATADOG_APP_KEY: 'c'.repeat(40) } });
    expect(wrongApp).toMatchObject({ code: 1, stdout: '' });
    expect(wrongApp.stderr).toMatch(/The API key is good.*\(DATADOG_APP_KEY\).* lacks dashboards_read/);
    expect(api.dashboards).toEqual([]);
  });

  it.each([
    [{}, 'set DATADOG_API_KEY or DD_API_KEY'],
    [{ DD_API_KEY: 'x'.repeat(32) }, 'set DATADOG_APP_KEY or DD_APP_KEY'],
    [{ DD_API_KEY: 'a geheim key', DD_APP_KEY: 'y'.repeat(40) }, 'DD_API_KEY takes a key, without spaces; (hidden)'],
    [{ DD_API_KEY: 'x'.repeat(32), DD_APP_KEY: 'y'.repeat(40), DD_SITE: 'no site' }, 'DD_SITE takes a domain'],
    [
      { DD_API_KEY: 'x'.repeat(32), DD_APP_KEY: 'y'.repeat(40), DATADOG_HOST: 'http://me:geheim@127.0.0.1:9' },
      'DATADOG_HOST takes a URL without a user and a password',
    ],
  ])('says what to set: %j', async (env, message) => {
    const { code, stdout, stderr } = await datadog(['apply'], { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('geheim');
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it('says which host it cannot reach', async () => {
    const server = await listen(createServer());
    await server[Symbol.asyncDispose]();
    const env = { DD_API_KEY: 'x'.repeat(32), DD_APP_KEY: 'y'.repeat(40), DATADOG_HOST: server.url };
    const { code, stderr } = await datadog(['apply'], { env });
    expect(code).toBe(1);
    expect(stderr).toBe(`signal-otel datadog: cannot reach ${new URL(server.url).host}: ECONNREFUSED\n`);
  });

  it('prints no key, even where an answer has both, and the client is told to debug', async () => {
    const echo = createServer((request, response) => {
      const { 'dd-api-key': apiKey, 'dd-application-key': appKey } = request.headers;
      const isFirst = request.url === '/api/v1/validate';
      response.writeHead(isFirst ? 200 : 400, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isFirst ? { valid: true } : { errors: [`bad: ${apiKey} ${appKey}`] }));
    });
    await using server = await listen(echo);
    const keys = { DATADOG_API_KEY: 'd'.repeat(32), DATADOG_APP_KEY: 'e"/'.repeat(14) };
    const { code, stderr } = await datadog(['apply'], { env: { ...keys, DATADOG_HOST: server.url, DEBUG: '1' } });
    expect(code).toBe(1);
    expect(stderr).toContain('bad: (hidden) (hidden)');
  });

  it('says how to get the client where it is not there', async () => {
    using folder = new TemporaryFolder();
    await cp(join(root, 'dist'), join(folder.path, 'dist'), { recursive: true });
    await writeFile(join(folder.path, 'package.json'), await readFile(join(root, 'package.json')));
    await mkdir(join(folder.path, 'node_modules'));
    for (const name of ['valibot', '@opentelemetry']) {
      await symlink(join(root, 'node_modules', name), join(folder.path, 'node_modules', name));
    }
    const main = join(folder.path, 'dist/cli/main.js');
    for (const args of [['export'], ['apply']]) {
      const env = { DATADOG_API_KEY: 'a'.repeat(32), DATADOG_APP_KEY: 'b'.repeat(40) };
      const { code, stderr } = await datadog(args, { env, main, cwd: folder.path });
      expect(code).toBe(1);
      expect(stderr).toContain('npm install @datadog/datadog-api-client');
    }
    expect(await datadog(['--help'], { main })).toMatchObject({ code: 0 });
  });

  it.each([
    [[], 'apply or export'],
    [['aply'], 'there is no "aply"'],
    [['apply', 'here'], 'takes no here'],
    [['apply', '--key', 'x'], "'--key'"],
    [['apply', '--notify', 'slack'], '--notify takes a handle such as @slack-ml, not "slack"'],
    [['export', 'a', 'b'], 'takes no b'],
    [['export', '--dry-run'], 'takes no options'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await datadog(args, { env: { DATADOG_API_KEY: 'geheim' } });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
  });

  it('prints no key that stands in a wrong place', async () => {
    const { code, stderr } = await datadog(['apply', 'f'.repeat(32)], { env: { DATADOG_API_KEY: 'f'.repeat(32) } });
    expect(code).toBe(2);
    expect(stderr).toContain('takes no (hidden)');
  });

  it('has a help', async () => {
    const { code, stdout } = await datadog(['--help']);
    expect(code).toBe(0);
    for (const part of ['--dry-run', '--notify', 'DATADOG_APP_KEY', 'metric_tags_write', 'npm install']) {
      expect(stdout).toContain(part);
    }
    expect((await runNode([command, '--help'])).stdout).toContain('signal-otel datadog');
  });
});

describe('signal-otel datadog export', () => {
  it('writes what the repository has, without keys', async () => {
    using folder = new TemporaryFolder();
    const { code, stdout, stderr } = await datadog(['export'], { cwd: folder.path });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const files = ['datadog-dashboard.json', 'datadog-metrics.json', 'datadog-monitors.json'];
    expect((await readdir(join(folder.path, 'dashboards'))).sort()).toEqual(files);
    for (const file of files) {
      expect(stdout).toContain(`wrote ${join('dashboards', file)}\n`);
      const text = await readFile(join(folder.path, 'dashboards', file), 'utf8');
      expect(text).toBe(await readFile(join(root, 'dashboards', file), 'utf8'));
    }
  });

  it('writes into a folder of choice, and says where it cannot', async () => {
    using folder = new TemporaryFolder();
    expect(await datadog(['export', join(folder.path, 'a/b')])).toMatchObject({ code: 0 });
    const file = join(folder.path, 'a/b/datadog-monitors.json');
    const { code, stderr } = await datadog(['export', file]);
    expect(code).toBe(1);
    expect(stderr).toContain(file);
  });
});
