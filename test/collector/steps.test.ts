import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { startDatadogIntake } from '../support/datadog-intake.ts';
import { startOtlpServer } from '../support/otlp-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SECONDS = 60;

type Recorded = [timestampMillis: number, loss: number][];

async function drive(env: Record<string, string>): Promise<Recorded> {
  await using child = await startNode(
    ['--require', 'signal-otel/register', 'test/collector/apps/steady-run.mjs', String(SECONDS)],
    { cwd: root, env },
  );
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.stderr()).toBe('');
  return JSON.parse(child.stdout());
}

/** The last value of each second. */
function bySecond(recorded: Recorded): Map<number, number> {
  return new Map(recorded.map(([millis, loss]) => [Math.floor(millis / 1_000), loss]));
}

// Two runs of a minute, side by side: the shortest that has several exports at the default interval of 10 s.
describe.concurrent('a run of 5 steps a second, exported every 10 s', () => {
  it('arrives at Datadog with one point a second, each once, with its time and value', {
    timeout: 150_000,
  }, async () => {
    await using intake = await startDatadogIntake();
    await using collector = await startCollector({ env: intake.collectorEnv });
    const expected = bySecond(await drive({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint }));
    const points = () =>
      intake.series.filter(({ metric }) => metric === 'signal.training.loss').flatMap((series) => series.points);
    await intake.waitFor(() => points().length >= expected.size);
    const arrived = points().sort((a, b) => a.timestampSeconds - b.timestampSeconds);
    expect(arrived.map(({ timestampSeconds, value }) => [timestampSeconds, value])).toEqual([...expected]);
    expect(arrived.length).toBeGreaterThanOrEqual(SECONDS);
  });

  it('arrives whole at an OTLP receiver where every step is asked for', { timeout: 150_000 }, async () => {
    await using server = await startOtlpServer();
    const recorded = await drive({
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      SIGNAL_STEP_RESOLUTION: 'all',
    });
    const arrived = server.requests
      .filter(({ path }) => path === '/v1/metrics')
      .flatMap(({ body }) => lossPoints(body));
    expect(arrived).toHaveLength(SECONDS * 5);
    expect(arrived.map(([, loss]) => loss)).toEqual(recorded.map(([, loss]) => loss));
    // A point is stamped in the call whose entry the history stamps after it.
    for (const [index, [millis]] of arrived.entries()) {
      expect(millis).toBeGreaterThanOrEqual(recorded[index - 1]?.[0] ?? 0);
      expect(millis).toBeLessThanOrEqual(recorded[index]?.[0] ?? 0);
    }
  });
});

function lossPoints(body: Buffer): Recorded {
  const request: {
    resourceMetrics: {
      scopeMetrics: {
        metrics: { name: string; gauge?: { dataPoints: { timeUnixNano: string; asDouble: number }[] } }[];
      }[];
    }[];
  } = JSON.parse(body.toString('utf8'));
  return request.resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .filter(({ name }) => name === 'signal.training.loss')
    .flatMap(({ gauge }) => gauge?.dataPoints ?? [])
    .map(({ timeUnixNano, asDouble }) => [Number(BigInt(timeUnixNano) / 1_000_000n), asDouble]);
}
