import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { prometheusRules } from '../../src/dashboards/prometheus-rules.ts';
import { promtoolBinary, requireBinary } from '../support/binaries.ts';
import { startNode } from '../support/child.ts';
import { freePort } from '../support/ports.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startTrainingServer } from '../support/training-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dashboards = fileURLToPath(new URL('../../dashboards', import.meta.url));
const alerts = prometheusRules().groups.flatMap(({ rules }) => rules);

/** promtool in the folder of the rules, to its end. */
function promtool(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(requireBinary(promtoolBinary), args, { cwd: dashboards });
  return { status, output: `${stdout}${stderr}` };
}

describe("Prometheus's alert rules", () => {
  it('are rules to promtool', () => {
    const { status, output } = promtool('check', 'rules', '--lint-fatal', 'prometheus-rules.yml');
    expect(output).toContain(`${alerts.length} rules found`);
    expect(status).toBe(0);
  });

  it('fire, keep still and end as their unit tests say', () => {
    const { status, output } = promtool('test', 'rules', 'prometheus-rules.test.yml');
    expect(output).toMatch(/^Processing test file: prometheus-rules.test.yml\n\s*SUCCESS\s*$/);
    expect(status).toBe(0);
  });

  it('tell of a run that diverges', { timeout: 120_000 }, async () => {
    await using server = await startTrainingServer();
    // Prometheus is there first: the divergence is over within a second.
    const port = await freePort();
    await using prometheus = await startPrometheus({
      scrapeTargets: [`127.0.0.1:${port}`],
      scrapeIntervalMillis: 100,
      ruleFiles: [`${dashboards}/prometheus-rules.yml`],
      evaluationIntervalMillis: 250,
    });
    await using driver = await startNode(
      [
        '--require',
        'signal-otel/register',
        'examples/train.ts',
        ...['--url', server.url, '--steps', '100000', '--target-reward', '201', '--diverge', '64:80'],
      ],
      {
        cwd: root,
        env: {
          OTEL_METRICS_EXPORTER: 'prometheus',
          OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
          SIGNAL_API_KEY: 'sk-test',
        },
      },
    );
    const firing = await prometheus.waitForSample(
      'ALERTS{alertname="SignalKlDivergence", severity="critical", alertstate="firing"}',
      undefined,
      { timeoutMillis: 60_000 },
    );
    expect(firing.labels.run_id).toMatch(/^run_[0-9a-f]{16}$/);

    const alert = (await prometheus.alerts()).find(
      ({ labels }) => labels.alertname === 'SignalKlDivergence' && labels.severity === 'critical',
    );
    expect(alert).toMatchObject({
      state: 'firing',
      labels: { check: 'signal.rl.kl_divergence', run_id: firing.labels.run_id },
      annotations: { advice: expect.stringContaining('reduce the learning rate') },
    });
    const [, value] =
      /^Run run_[0-9a-f]{16}: signal\.rl\.kl_divergence has been at (\S+) \(critical: above 0\.1\)\.$/.exec(
        alert?.annotations.description ?? '',
      ) ?? [];
    expect(Number(value)).toBeGreaterThan(0.1);
    // What the process says of the same run.
    expect(driver.stderr()).toMatch(/signal\.rl\.kl_divergence is \S+ \(critical above 0\.1\)/);
  });
});
