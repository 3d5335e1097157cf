import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CollectorPorts, durableConfig, startCollector } from '../support/collector.ts';
import { startDatadogIntake } from '../support/datadog-intake.ts';
import { arrived, deliver, lanes, send, upTo } from '../support/numbered.ts';

/** Metrics by Datadog's OTLP intake, for those who do not want the flag. */
const otlpMetrics = { args: [], env: { OTELCOL_METRICS_EXPORTER: 'otlp_http/datadog' } };

describe.each([
  { title: 'otel-collector-config.yaml', options: { env: {} } },
  { title: 'otel-collector-config.yaml with metrics by OTLP', options: otlpMetrics },
])('$title', ({ options }) => {
  it('loses nothing, doubles nothing and keeps the order while the Collector is killed and restarted', async () => {
    const rounds = 8;
    await using intake = await startDatadogIntake();
    await using scope = new AsyncDisposableStack();
    const start = async (ports?: CollectorPorts) =>
      scope.use(
        await startCollector({
          ...options,
          env: { ...intake.collectorEnv, ...options.env },
          ...(ports && { ports }),
        }),
      );
    let running = start();
    const { httpEndpoint, ports } = await running;
    for (const round of upTo(rounds)) {
      for (const [index, lane] of lanes.entries()) {
        await deliver(httpEndpoint, lane, round);
        // At the instant of an answer, which is the worst: the sender has let go of what Datadog may not have yet.
        if (index === round % lanes.length) {
          await (await running).kill('SIGKILL');
          running = start(ports);
        }
      }
    }
    // Whatever is still under way behind an answer would come now.
    await deliver(httpEndpoint, 'logs', rounds + 1);
    for (const lane of lanes) {
      expect([lane, arrived(intake, lane)]).toEqual([lane, upTo(lane === 'logs' ? rounds + 1 : rounds)]);
    }
  });

  it('leaves what Datadog does not take to the sender, who may send it again', async () => {
    await using intake = await startDatadogIntake();
    await using collector = await startCollector({ ...options, env: { ...intake.collectorEnv, ...options.env } });
    intake.failWith(503);
    for (const lane of lanes) expect([lane, await send(collector.httpEndpoint, lane, 1)]).toEqual([lane, 503]);
    intake.failWith(null);
    for (const lane of lanes) await deliver(collector.httpEndpoint, lane, 1);
    await collector.stop();
    for (const lane of lanes) expect([lane, arrived(intake, lane)]).toEqual([lane, [1]]);
  });
});

describe('deploy/durable.yaml', () => {
  it('keeps everything while Datadog is away and the Collector is killed', async () => {
    await using queue = await newFolder();
    await using intake = await startDatadogIntake();
    // A folder that is not there yet.
    const env = { ...intake.collectorEnv, OTELCOL_QUEUE_DIRECTORY: join(queue.path, 'queue') };
    await using first = await startCollector({ config: durableConfig, env });
    const { httpEndpoint, ports } = first;
    const sendAll = async (from: number, to: number) => {
      for (const number of upTo(to).slice(from - 1)) {
        for (const lane of lanes) expect([lane, await send(httpEndpoint, lane, number)]).toEqual([lane, 200]);
      }
    };

    await sendAll(1, 5);
    await intake.waitFor(() => lanes.every((lane) => arrived(intake, lane).length === 5));
    // Seconds stand for a minute: the Collector retries for ever, at least every 5 s, so that how long Datadog is away
    // changes nothing but how much is on disk.
    intake.failWith(503);
    await sendAll(6, 15);
    const refused = () => intake.requests.filter(({ status }) => status === 503).length;
    await intake.waitFor(() => refused() >= lanes.length);
    await first.kill('SIGKILL');
    await using second = await startCollector({ config: durableConfig, env, ports });
    await sendAll(16, 25);
    const before = refused();
    await intake.waitFor(() => refused() > before);
    intake.failWith(null);

    await intake.waitFor(() => lanes.every((lane) => new Set(arrived(intake, lane)).size === 25), {
      timeoutMillis: 30_000,
    });
    // Sends what it may hold beyond that.
    await second.stop();
    for (const lane of lanes) {
      expect([lane, arrived(intake, lane).toSorted((a, b) => a - b)]).toEqual([lane, upTo(25)]);
    }
  });

  it('cuts what is too large for Datadog, and loses none of it', async () => {
    await using queue = await newFolder();
    await using intake = await startDatadogIntake();
    const env = { ...intake.collectorEnv, OTELCOL_QUEUE_DIRECTORY: queue.path };
    await using collector = await startCollector({ config: durableConfig, env });
    // 2 MB, of which compression takes half: four times what Datadog takes at once.
    const logRecords = upTo(1_000).map((number) => ({
      timeUnixNano: `${Date.now()}000000`,
      body: { stringValue: String(number) },
      attributes: [{ key: 'noise', value: { stringValue: randomBytes(1_000).toString('hex') } }],
    }));
    const response = await fetch(`${collector.httpEndpoint}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
    });
    expect(response.status).toBe(200);
    await intake.waitFor(() => intake.logs.length >= 1_000);
    expect(arrived(intake, 'logs').toSorted((a, b) => a - b)).toEqual(upTo(1_000));
    expect(intake.requests.filter(({ status }) => status >= 400)).toEqual([]);
    expect(intake.requests.length).toBeGreaterThan(1);
  });
});

async function newFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'signal-otel-queue-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
