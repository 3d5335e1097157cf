import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const config = (env: Record<string, string> = {}, ...args: string[]) => runNode([command, 'config', ...args], { env });

describe('signal-otel config', () => {
  it('shows every default, in columns, without colours where nobody sees them', async () => {
    const { code, stdout, stderr } = await config();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toContainEqual(
      expect.stringMatching(/^OTEL_EXPORTER_OTLP_ENDPOINT {2,}http:\/\/localhost:4318 {2,}default$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^SIGNAL_SPOOL_DIR {2,}- {2,}default$/));
    expect(new Set(lines.map((line) => line.lastIndexOf('  default')))).toHaveLength(1);
  });

  it('shows what is set, and by which variable', async () => {
    const env = { DD_SERVICE: 'trainer', OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '50' };
    const { code, stdout } = await config(env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^OTEL_SERVICE_NAME +trainer +DD_SERVICE$/m);
    expect(stdout).toMatch(/^OTEL_EXPORTER_OTLP_LOGS_TIMEOUT +50 +OTEL_EXPORTER_OTLP_LOGS_TIMEOUT$/m);
    // Not set, and no longer what it is without Prometheus.
    expect(stdout).toMatch(/^OTEL_TRACES_EXPORTER +none +default$/m);
  });

  it('marks what is bad with what it should be, and ends with 1', async () => {
    const { code, stdout } = await config({ OTEL_EXPORTER_OTLP_TIMEOUT: 'abc', SIGNAL_SPOOL_DIRECTORY: '/var' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^OTEL_EXPORTER_OTLP_TIMEOUT +abc .*\n {2}bad: takes a number greater than 0; "abc"/m);
    expect(stdout).toMatch(/^SIGNAL_SPOOL_DIRECTORY .*\n {2}bad: .*SIGNAL_SPOOL_DIR\?$/m);
  });

  it('hides secrets, in JSON too', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=geheim',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'geheim',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://me:geheim@c.io/in?key=geheim',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'me:geheim@c.io',
    };
    for (const args of [[], ['--json']]) {
      const { code, stdout, stderr } = await config(env, ...args);
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain('geheim');
      expect(stdout).toContain('(hidden)');
      expect(stdout).toContain('https://c.io/in');
    }
  });

  it('lets no value move the cursor or break the columns', async () => {
    const { stdout } = await config({ DD_ENV: `\u001b[2Ja\nb${'x'.repeat(500)}` });
    expect(stdout).toMatch(/^DD_ENV +\\u001b\[2Ja\\u000abx+… +DD_ENV$/m);
  });

  it('--json is for programs', async () => {
    const { stdout } = await config({ OTEL_METRIC_EXPORT_INTERVAL: '10s', DD_ENV: 'x'.repeat(500) }, '--json');
    const rows: unknown = JSON.parse(stdout);
    expect(rows).toContainEqual({
      variable: 'OTEL_METRIC_EXPORT_INTERVAL',
      value: '10s',
      from: 'OTEL_METRIC_EXPORT_INTERVAL',
      problem: expect.stringContaining('10000 holds'),
    });
    expect(rows).toContainEqual({ variable: 'DD_ENV', value: 'x'.repeat(500), from: 'DD_ENV' });
    expect(rows).toContainEqual({ variable: 'SIGNAL_SPOOL_DIR', value: null, from: 'default' });
  });

  it('has a help, and refuses what it does not know', async () => {
    expect(await config({}, '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--env-file') });
    expect(await config({}, '--yaml')).toMatchObject({ code: 2, stderr: expect.stringContaining("'--yaml'") });
    expect((await runNode([command, '--help'])).stdout).toContain('signal-otel config');
  });
});
