import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { startDatadogIntake } from '../support/datadog-intake.ts';
import { startOtlpServer, valuesOf } from '../support/otlp-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

async function doctor(env: Record<string, string>) {
  const { code, stdout, stderr } = await runNode(['dist/cli/main.js', 'doctor', '--json'], { cwd: root, env });
  expect(stderr).toBe('');
  const rows: { check: string; verdict: string; found: string; next?: string }[] = JSON.parse(stdout);
  return { code, delivery: rows.find(({ check }) => check === 'Delivery'), all: rows };
}

describe('signal-otel doctor, with a real Collector', () => {
  it('its test metric arrives at Datadog', { timeout: 90_000 }, async () => {
    await using intake = await startDatadogIntake();
    await using collector = await startCollector({ env: intake.collectorEnv });
    const { code, delivery, all } = await doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint });
    expect({ code, verdict: delivery?.verdict }).toEqual({ code: 0, verdict: 'ok' });
    expect(all.find(({ check }) => check === 'Clock')).toMatchObject({ verdict: 'ok' });
    const series = await intake.waitFor(() => intake.series.find(({ metric }) => metric === 'signal.test.metric'));
    expect(series).toMatchObject({ type: 'gauge', points: [{ value: 1 }] });
  });

  it('says so where Datadog is away, and where the port is the one of gRPC', { timeout: 90_000 }, async () => {
    await using intake = await startDatadogIntake();
    await using collector = await startCollector({ env: intake.collectorEnv });
    intake.failWith(503);
    const away = await doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint });
    expect(away.delivery).toMatchObject({ verdict: 'failed', found: expect.stringMatching(/answers 5\d\d/) });
    expect(away.delivery?.next).toContain('its log says why');
    const grpc = await doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.grpcEndpoint });
    expect(grpc).toMatchObject({ code: 1, delivery: { verdict: 'failed' } });
    expect(grpc.delivery?.next).toMatch(/4318.*OTEL_EXPORTER_OTLP_PROTOCOL=grpc/);
  });

  it('by gRPC, as sdk-node sends it', { timeout: 90_000 }, async () => {
    await using server = await startOtlpServer();
    await using collector = await startCollector({
      config: fileURLToPath(new URL('./configs/grpc.yaml', import.meta.url)),
      env: { RECEIVER: server.url },
    });
    const { code, delivery } = await doctor({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.grpcEndpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    });
    expect({ code, verdict: delivery?.verdict }).toEqual({ code: 0, verdict: 'ok' });
    await server.waitFor((request) => valuesOf(request, 'name').includes('signal.test.metric'));
  });
});
