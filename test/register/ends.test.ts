import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NodeResult, runNode } from '../support/child.ts';
import { type OtlpServer, startOtlpServer, valuesOf } from '../support/otlp-server.ts';
import { freePort } from '../support/ports.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LOSS = 0.125;

const inTheProcess = [
  'natural end',
  'natural end with an exit code',
  'process.exit(0)',
  'process.exit(7)',
  'process.exit in a timer',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'a SIGTERM handler that exits',
  'uncaught exception',
  'unhandled rejection',
  'uncaught exception that the host handles',
].map((way) => ['process', way] as const);

const inAThread = ['natural end', 'process.exit(7)', 'uncaught exception', 'unhandled rejection'].map(
  (way) => ['thread', way] as const,
);

/** The main thread ends while a thread that has trained goes on. */
const besideAThread = ['process.exit(7)', 'SIGTERM', 'uncaught exception'].map((way) => ['main', way] as const);

const inACluster = ['disconnect', 'process.exit(7)', 'SIGTERM', 'uncaught exception'].map(
  (way) => ['cluster', way] as const,
);

const ways = [...inTheProcess, ...inAThread, ...besideAThread, ...inACluster];

it('a value that waits for its second to end arrives, though the process exits before that', async () => {
  await using server = await startOtlpServer();
  const result = await runNode(['--require', 'signal-otel/register', 'test/register/apps/exit-after-export.cjs'], {
    cwd: root,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: '100',
    },
  });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(arrivals(server, '/v1/metrics', 'asDouble').filter((value) => value === LOSS)).toEqual([LOSS]);
});

it('a handler of SIGTERM may exit at any moment of the flush that the signal has begun', async () => {
  for (const turns of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 30]) {
    await using server = await startOtlpServer();
    const result = await runNode(
      ['--require', 'signal-otel/register', 'test/register/apps/exit-after-turns.cjs', String(turns), '1'],
      { cwd: root, env: { OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' } },
    );
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const losses = arrivals(server, '/v1/metrics', 'asDouble').filter((value) => value === LOSS);
    expect([turns, losses]).toEqual([turns, [LOSS]]);
  }
});

describe.each(['app.cjs', 'app.mjs'])('the end of a process that trains (%s)', (app) => {
  const run = (where: string, way: string, env: Record<string, string>, preload = true) =>
    runNode([...(preload ? ['--require', 'signal-otel/register'] : []), `test/register/apps/ends/${app}`, where, way], {
      cwd: root,
      env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...env },
    });

  it.each(ways)('%s, %s: the last step arrives, once, and the end is what it would have been', async (where, way) => {
    await using server = await startOtlpServer();
    const [result, without] = await Promise.all([
      run(where, way, { OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_METRIC_EXPORT_INTERVAL: '600000' }),
      run(where, way, {}, false),
    ]);
    expect(visible(result)).toEqual(visible(without));
    expect(arrivals(server, '/v1/metrics', 'asDouble').filter((value) => value === LOSS)).toEqual([LOSS]);
    expect(arrivals(server, '/v1/traces', 'name').filter((name) => name === 'signal.forward_backward')).toHaveLength(1);
  });

  describe('with a receiver that never answers', () => {
    const hanging = createServer((socket) => socket.on('error', () => {}));
    let url: string;

    beforeAll(async () => {
      const port = await freePort();
      await new Promise<void>((resolve) => hanging.listen(port, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${port}`;
    });
    afterAll(() => hanging.close());

    it.each(inTheProcess)('%s, %s: the end comes by its deadline, and what is lost is said', async (where, way) => {
      const deadlineMillis = 1_000;
      const started = performance.now();
      const result = await run(where, way, {
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        SIGNAL_SHUTDOWN_TIMEOUT: String(deadlineMillis),
      });
      // The deadline is a promise, not a speed; what a process needs besides is a small part of this.
      expect(performance.now() - started).toBeLessThan(deadlineMillis + 5_000);
      const without = await run(where, way, {}, false);
      expect({ code: result.code, signal: result.signal }).toEqual({ code: without.code, signal: without.signal });
      const ours = result.stderr.split('\n').filter((line) => line.startsWith('signal-otel:'));
      expect(ours).toContainEqual(expect.stringMatching(/\d+ data points are lost: the process ended/));
      expect(ours).toContainEqual(expect.stringMatching(/1 spans are lost: the process ended/));
      expect(withoutOurs(result.stderr)).toBe(withoutOurs(without.stderr));
    });
  });
});

function visible({ code, signal, stdout, stderr }: NodeResult): NodeResult {
  return { code, signal, stdout, stderr: withoutAddresses(stderr) };
}

function withoutOurs(stderr: string): string {
  return withoutAddresses(stderr).replace(/^signal-otel:.*\n/gm, '');
}

/** Frames of the stack below the driver's own differ by the preload; the process id does in any case. */
function withoutAddresses(stderr: string): string {
  return stderr.replace(/^\s+at .*\n/gm, '').replace(/\(node:\d+\)/g, '(node)');
}

function arrivals(server: OtlpServer, path: string, key: string): unknown[] {
  return server.requests.filter((request) => request.path === path).flatMap((request) => valuesOf(request, key));
}
