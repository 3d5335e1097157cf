import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode, startNode } from '../support/child.ts';
import { type OtlpServer, startOtlpServer, valuesOf } from '../support/otlp-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const app = (name: string) => ['--require', 'signal-otel/register', `test/register/apps/ends/${name}`];

const environment = (server: OtlpServer) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_METRIC_EXPORT_INTERVAL: '200',
});

function losses(server: OtlpServer): unknown[] {
  return server.requests.filter(({ path }) => path === '/v1/metrics').flatMap((one) => valuesOf(one, 'asDouble'));
}

describe('what hosts do around their end', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('%s kills a program with signal-exit in it as it would', async (signal) => {
    await using server = await startOtlpServer();
    const result = await runNode([...app('signal-exit.mjs'), signal], { cwd: root, env: environment(server) });
    expect(result).toEqual({ code: null, signal, stdout: `bye null ${signal}\n`, stderr: '' });
    expect(losses(server).filter((value) => value === 0.125)).toEqual([0.125]);
  });

  it('process.exit delivers where the process read it, though its environment and folder have changed', async () => {
    await using server = await startOtlpServer();
    const result = await runNode(app('changed-surroundings.mjs'), { cwd: root, env: environment(server) });
    expect(result).toMatchObject({ code: 3, stderr: '' });
    expect(losses(server).filter((value) => value === 0.125)).toEqual([0.125]);
  });

  it('a worker thread that ends with one of its own leaves other threads alone', async () => {
    await using server = await startOtlpServer();
    server.answerWith(503);
    await using child = await startNode(app('siblings.cjs'), { cwd: root, env: environment(server) });
    await child.waitForOutput(/ended/);
    server.answerWith(200);
    child.endInput('on\n');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    for (const loss of [0.125, 0.25]) expect(losses(server)).toContain(loss);
  });
});
