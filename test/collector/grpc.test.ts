import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type NodeResult, runNode } from '../support/child.ts';
import { startCollector } from '../support/collector.ts';
import { type OtlpRequest, type OtlpServer, startOtlpServer, valuesOf } from '../support/otlp-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Trains by gRPC to a real Collector, which hands on what it gets. */
async function train(server: OtlpServer, variables: (endpoint: string) => Record<string, string>): Promise<NodeResult> {
  await using collector = await startCollector({
    config: fileURLToPath(new URL('./configs/grpc.yaml', import.meta.url)),
    env: { RECEIVER: server.url },
  });
  const result = await runNode(['--require', 'signal-otel/register', 'test/register/apps/app.mjs'], {
    cwd: root,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.grpcEndpoint, ...variables(collector.grpcEndpoint) },
  });
  await collector.stop();
  return result;
}

const holds = (path: string, key: string, value: unknown) => (request: OtlpRequest) =>
  request.path === path && valuesOf(request, key).includes(value);

describe('gRPC, by sdk-node', () => {
  it('OTEL_EXPORTER_OTLP_PROTOCOL=grpc: metrics and spans reach a Collector', { timeout: 90_000 }, async () => {
    await using server = await startOtlpServer();
    const result = await train(server, () => ({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }));
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const metrics = await server.waitFor(holds('/v1/metrics', 'name', 'signal.training.loss'));
    expect(valuesOf(metrics, 'asDouble')).toContain(0.25);
    await server.waitFor(holds('/v1/traces', 'name', 'signal.forward_backward'));
  });

  it('for one signal alone: the others go as they would', { timeout: 90_000 }, async () => {
    await using server = await startOtlpServer();
    const result = await train(server, (grpcEndpoint) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: grpcEndpoint,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
      OTEL_SERVICE_NAME: 'trainer',
    }));
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const metrics = await server.waitFor(holds('/v1/metrics', 'name', 'signal.training.loss'));
    expect(new Set(valuesOf(metrics, 'aggregationTemporality'))).toEqual(new Set([1]));
    expect(valuesOf(metrics, 'stringValue')).toContain('trainer');
    await server.waitFor(holds('/v1/traces', 'name', 'signal.forward_backward'));
  });
});
