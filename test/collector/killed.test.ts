import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { startDatadogIntake } from '../support/datadog-intake.ts';
import { upTo } from '../support/numbered.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const STEPS = 200;

it('a Collector that is killed twice costs a training process nothing', async () => {
  await using scope = new AsyncDisposableStack();
  await using intake = await startDatadogIntake();
  let collector = scope.use(await startCollector({ env: intake.collectorEnv }));
  const { ports } = collector;
  await using driver = await startNode(
    ['--require', 'signal-otel/register', 'test/collector/apps/stepping.mjs', String(STEPS)],
    {
      cwd: root,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint,
        OTEL_METRIC_EXPORT_INTERVAL: '500',
        SIGNAL_STEP_RESOLUTION: 'all',
      },
    },
  );
  for (const [killedAt, backAt] of [
    [25, 50],
    [100, 150],
  ]) {
    await driver.waitForOutput(new RegExp(`step ${killedAt}\n`));
    await collector.kill('SIGKILL');
    await driver.waitForOutput(new RegExp(`step ${backAt}\n`));
    collector = scope.use(await startCollector({ env: intake.collectorEnv, ports }));
  }
  expect(await driver.exited).toEqual({ code: 0, signal: null });
  expect(driver.stderr()).toMatch(/cannot deliver.*kept and sent later[\s\S]*delivery works again.*nothing was lost/);

  const pointsOf = (name: string) =>
    intake.series.filter(({ metric }) => metric === name).flatMap(({ points }) => points);
  const losses = await intake.waitFor(() => {
    const values = pointsOf('signal.training.loss').map(({ value }) => value);
    return values.includes(STEPS) && values;
  });
  // A request that Datadog had taken when the Collector was killed before it could say so comes twice; no other does.
  expect([...new Set(losses)]).toEqual(upTo(STEPS));
  const counted = pointsOf('signal.custom.steps').reduce((sum, { value }) => sum + value, 0);
  const durations = intake.sketches
    .filter(({ metric }) => metric === 'signal.performance.forward_backward_duration_ms')
    .flatMap(({ points }) => points)
    .reduce((sum, { count }) => sum + count, 0);
  const doubled = losses.length - STEPS;
  expect(counted).toBe(STEPS + doubled);
  // Histograms leave the Collector by a request of their own.
  expect(durations).toBeGreaterThanOrEqual(STEPS);
  expect(durations).toBeLessThanOrEqual(STEPS + doubled);
  const spans = new Set(intake.spans.map(({ spanId }) => spanId));
  expect(spans.size).toBe(STEPS);
});
