import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { type DatadogApi, startDatadogApi } from '../support/datadog-api.ts';
import { type DatadogIntake, startDatadogIntake } from '../support/datadog-intake.ts';
import { root } from '../support/driver.ts';
import { startOtlpServer } from '../support/otlp-server.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const KEY = '0123456789abcdef-the-key';

let intake: DatadogIntake;
let api: DatadogApi;
let resources: AsyncDisposableStack;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  intake = resources.use(await startDatadogIntake({ apiKey: KEY }));
  api = resources.use(await startDatadogApi({ apiKey: KEY }));
});

afterEach(() => resources.disposeAsync());

const app = (name: string) => `test/register/apps/datadog/${name}`;

/** Under register, with the variables of the guide, and those that point Datadog's addresses to the doubles. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  const result = await runNode(['--require', 'signal-otel/register', ...args], {
    cwd: root,
    env: {
      DATADOG_ENABLED: 'true',
      DATADOG_API_KEY: KEY,
      DATADOG_APP_KEY: 'the-application-key',
      DATADOG_HOST: api.url,
      DATADOG_OTLP_ENDPOINT: intake.url,
      ...env,
    },
  });
  expect(result.stdout + result.stderr).not.toContain(KEY);
  expect(result.stdout + result.stderr).not.toContain('the-application-key');
  return result;
}

const paths = (requests: readonly { readonly path: string; readonly status: number }[]) =>
  new Set(requests.map(({ path, status }) => `${path} ${status}`));

describe('straight to Datadog', () => {
  it('each request keeps to the limits of the intake, which never has to refuse one', async () => {
    const env = { SIGNAL_SHUTDOWN_TIMEOUT: '60000' };
    expect(await run([app('large.mjs')], env)).toMatchObject({ code: 0, stderr: '' });
    const values = intake.series
      .filter(({ metric }) => metric === 'signal.custom.value')
      .map(({ points }) => points[0]?.value);
    expect(values.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
    expect(paths(intake.requests)).toEqual(new Set(['/v1/metrics 200']));
    expect(intake.requests.length).toBeGreaterThan(3);
  });

  it('two processes of one host are kept apart', async () => {
    await Promise.all([run([app('ends.mjs')]), run([app('ends.mjs')])]);
    const counts = intake.series.filter(({ metric }) => metric === 'signal.custom.tokens');
    expect(counts.map(({ points }) => points[0]?.value)).toEqual([5, 5]);
    expect(new Set(counts.map(({ tags }) => tags.join())).size).toBe(2);
  });

  it.each([
    ['natural', { code: 0, stderr: '' }],
    ['exit', { code: 7, stderr: '' }],
    ['throw', { code: 1 }],
  ])('what is said right before an end arrives: %s', async (end, outcome) => {
    expect(await run([app('ends.mjs'), end])).toMatchObject(outcome);
    expect(api.events).toMatchObject([{ title: 'The last words', text: 'before the end', alertType: 'info' }]);
    expect(api.checks).toMatchObject([{ check: 'signal.the.end', status: 1 }]);
    expect(paths(api.requests)).toEqual(new Set(['/api/v1/events 202', '/api/v1/check_run 202']));
    // What goes up and down is a level, which the intake takes as a gauge alone.
    const typeOf = (name: string) => intake.series.find(({ metric }) => metric === `signal.custom.${name}`)?.type;
    expect([typeOf('tokens'), typeOf('budget')]).toEqual(['count', 'gauge']);
  });

  it('what a killed process has left in its spool the next one delivers; the key is not in the file', async () => {
    using folder = new TemporaryFolder();
    api.failWith(503, Number.POSITIVE_INFINITY);
    const killed = await run([app('ends.mjs'), 'kill'], { SIGNAL_SPOOL_DIR: folder.path });
    expect(killed.signal).toBe('SIGKILL');
    expect(api.events).toEqual([]);
    const files = readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name), 'latin1'));
    expect(files.join()).toContain('The last words');
    expect(files.join()).not.toContain(KEY);
    api.failWith(null);
    expect(await run(['--eval', 'setTimeout(() => {}, 2000)'], { SIGNAL_SPOOL_DIR: folder.path })).toMatchObject({
      code: 0,
    });
    expect(api.events).toMatchObject([{ title: 'The last words' }]);
    expect(api.checks).toHaveLength(1);
  });

  it('is not the way where an OTLP endpoint is named: then events alone go there', async () => {
    await using server = await startOtlpServer();
    expect(await run([app('ends.mjs')], { OTEL_EXPORTER_OTLP_ENDPOINT: server.url })).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(intake.requests).toEqual([]);
    expect(api.events).toHaveLength(1);
    expect(new Set(server.requests.map(({ path }) => path))).toEqual(new Set(['/v1/metrics', '/v1/logs']));
  });

  it('nor with a key alone, nor where it is switched off', async () => {
    await using server = await startOtlpServer();
    const elsewhere = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${server.url}/v1/metrics`, OTEL_LOGS_EXPORTER: 'none' };
    expect(await run([app('ends.mjs')], { ...elsewhere, DATADOG_ENABLED: '' })).toMatchObject({ stderr: '' });
    expect([api.events.length, intake.requests]).toEqual([1, []]);
    expect(await run([app('ends.mjs')], { ...elsewhere, DATADOG_ENABLED: 'false' })).toMatchObject({ stderr: '' });
    expect([api.events.length, intake.requests]).toEqual([1, []]);
  });
});

describe('what is wrong is told', () => {
  it('a key that Datadog refuses, once, with where to look', async () => {
    const { stderr } = await run([app('ends.mjs')], { DATADOG_API_KEY: 'another-key' });
    expect(stderr).toMatch(/cannot deliver \w+ to http\S+: it answers 403.*DATADOG_API_KEY and DD_SITE right\?/);
    expect(stderr.match(/cannot deliver/g)).toHaveLength(1);
    expect(stderr).not.toContain('another-key');
  });

  it('DATADOG_ENABLED without a key', async () => {
    await using server = await startOtlpServer();
    const env = { DATADOG_API_KEY: '', OTEL_EXPORTER_OTLP_ENDPOINT: server.url };
    const { code, stderr } = await run([app('ends.mjs')], env);
    expect([code, stderr.trim()]).toEqual([
      0,
      'signal-otel: DATADOG_ENABLED is true, but there is no DATADOG_API_KEY (or DD_API_KEY): nothing goes to Datadog by itself',
    ]);
  });

  it('a temporality that the intake refuses, which is not used', async () => {
    const env = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative' };
    const { stderr } = await run([app('ends.mjs')], env);
    expect(stderr).toMatch(/TEMPORALITY_PREFERENCE is cumulative, which Datadog's own intake refuses: delta holds/);
    expect(paths(intake.requests)).toEqual(new Set(['/v1/metrics 200', '/v1/logs 200']));
  });
});
