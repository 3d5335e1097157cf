import { expect, it } from 'vitest';
import { healthRules } from '../../src/catalogue/index.ts';
import { runNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { startDatadogApi } from '../support/datadog-api.ts';
import { startDatadogIntake } from '../support/datadog-intake.ts';
import { root } from '../support/driver.ts';
import { startTrainingServer } from '../support/training-server.ts';

const KEY = 'key-of-the-account';
/** Optimizer steps with 100 times the learning rate: one update, after as many as the recent past is long. */
const [from, to] = [64, 80];

it.each(['train.ts', 'plain.ts'])(
  'a run of %s that diverges raises its alarms, each change once, and recovers',
  async (driver) => {
    await using intake = await startDatadogIntake({ apiKey: KEY });
    await using api = await startDatadogApi({ apiKey: KEY });
    await using collector = await startCollector({ env: intake.collectorEnv });
    await using server = await startTrainingServer();
    const options = ['--steps', '144', '--target-reward', '201', '--diverge', `${from}:${to}`];
    const program = [`examples/${driver}`, '--url', server.url, ...options];
    const result = await runNode(['--require', 'signal-otel/register', ...program], {
      cwd: root,
      env: {
        SIGNAL_API_KEY: 'sk-secret',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint,
        DATADOG_API_KEY: KEY,
        DATADOG_HOST: api.url,
      },
    });
    expect(result).toMatchObject({ code: 0 });
    const [, runId = ''] = /^Run (run_\w+):/m.exec(result.stdout) ?? [];

    const changes = api.events.map(({ title, text, aggregationKey, alertType }) => ({
      check: aggregationKey?.replace(`${runId}:signal.`, '') ?? '',
      step: Number(/^step (\d+):/.exec(text ?? '')?.[1]),
      alertType,
      title,
    }));
    const of = (check: string) => changes.filter((change) => change.check === check);

    const [critical, recovered, ...more] = of('rl.kl_divergence').filter(({ alertType }) => alertType !== 'warning');
    expect(critical).toMatchObject({ alertType: 'error', title: expect.stringContaining(runId) });
    expect(critical?.step).toBeGreaterThan(from);
    expect(critical?.step).toBeLessThanOrEqual(from + 2);
    expect(recovered?.alertType).toBe('success');
    expect(recovered?.step).toBeGreaterThanOrEqual(to);
    expect(more).toEqual([]);

    const [spike] = [...of('training.loss_spike'), ...of('training.non_finite')];
    expect(spike?.step).toBeLessThanOrEqual(from + 2);

    // Nothing is told twice, and each change also as a service check.
    for (const { check } of healthRules) {
      const told = of(check.replace('signal.', '')).map(({ alertType }) => alertType);
      expect([check, told.filter((alertType, index) => alertType === told[index - 1])]).toEqual([check, []]);
      if (told.length > 0) expect([check, told.at(-1)]).toEqual([check, 'success']);
    }
    const levels = { success: 0, warning: 1, error: 2 };
    const asChecks = changes.map(({ check, alertType }) => [
      `signal.${check}`,
      levels[alertType as keyof typeof levels],
    ]);
    expect(api.checks.map(({ check, status }) => [check, status])).toEqual(asChecks);
    expect(await intake.waitFor(() => intake.logs.length >= 2 * changes.length)).toBe(true);

    // On the terminal each is a line.
    const lines = result.stderr.trim().split('\n');
    expect(lines).toHaveLength(changes.length);
    expect(lines[0]).toMatch(/^signal-otel: run_\w+: (Critical|Warning): step 6\d: signal\./);
  },
);

it('a run that goes well raises none', async () => {
  await using api = await startDatadogApi({ apiKey: KEY });
  await using intake = await startDatadogIntake({ apiKey: KEY });
  await using server = await startTrainingServer();
  const result = await runNode(
    ['--require', 'signal-otel/register', 'examples/train.ts', '--url', server.url, '--steps', '160'],
    {
      cwd: root,
      env: {
        SIGNAL_API_KEY: 'sk-secret',
        DATADOG_ENABLED: 'true',
        DATADOG_API_KEY: KEY,
        DATADOG_HOST: api.url,
        DATADOG_OTLP_ENDPOINT: intake.url,
      },
    },
  );
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(intake.series.map(({ metric }) => metric)).toContain('signal.health.status');
  expect([api.events, api.checks]).toEqual([[], []]);
});
