import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startNode } from '../support/child.ts';
import { freePort } from '../support/ports.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function startDriver(port: number) {
  return startNode(['--require', 'signal-otel/register', 'test/register/apps/waiting.mjs'], {
    cwd: root,
    env: {
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    },
  });
}

describe('OTEL_METRICS_EXPORTER=prometheus', () => {
  it('shows the metrics on loopback, says where, and answers nothing else', async () => {
    await using driver = await startDriver(0);
    const [, url] = await driver.waitForOutput(/Prometheus metrics at (http:\/\/127\.0\.0\.1:\d+\/metrics)/);
    if (url === undefined) throw new Error('no address');
    await driver.waitForOutput(/training/);
    const page = await (await fetch(url)).text();
    expect(page).toMatch(/^signal_training_loss\{run_id="run_app"[^}]*\} 0\.25$/m);
    expect(page).toMatch(/^# TYPE signal_training_step_total counter$/m);
    expect((await fetch(new URL('/other', url))).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    expect((await driver.kill('SIGTERM')).signal).toBe('SIGTERM');
  });

  it('takes the next free port where another process has the one asked for, and says so in one line', async () => {
    const port = await freePort();
    await using first = await startDriver(port);
    await first.waitForOutput(new RegExp(`:${port}/metrics`));
    await using second = await startDriver(port);
    const [line] = await second.waitForOutput(/Prometheus metrics at .*\(port \d+ is taken\)/);
    expect(line).not.toContain(`:${port}/metrics`);
    expect(second.stderr().trim().split('\n')).toHaveLength(1);
  });
});
