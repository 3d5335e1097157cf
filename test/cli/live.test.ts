import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { WireUpdate } from '../../src/live/protocol.ts';
import { runNode, startNode } from '../support/child.ts';
import { startOtlpServer } from '../support/otlp-server.ts';
import { freePort } from '../support/ports.ts';
import { startTrainingServer } from '../support/training-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = 'dist/cli/main.js';

/** A program that records, and ends as it is told. */
const program = (end: string) => `
  import { createMetricsCollector } from 'signal-otel';
  createMetricsCollector({ runId: 'run_cli' }).collectTrainingMetrics({ step: 1, loss: 0.5 });
  process.on('message', () => {});
  ${end}`;

function live(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return startNode([cli, 'live', '--no-open', ...args], { cwd: root, env });
}

describe('signal-otel live', () => {
  it('starts a program with its page, and passes arguments, signals and the way it ends on', async () => {
    const port = await freePort();
    const running = program('console.log(process.argv.slice(1).join()); setInterval(() => {}, 1000);');
    await using child = await live([
      '--port',
      String(port),
      '--input-type=module',
      '--eval',
      running,
      '--',
      'a',
      '--b',
    ]);
    const [, url] = await child.waitForOutput(/live page at (http:\S+)/);
    expect(url).toBe(`http://127.0.0.1:${port}/`);
    await child.waitForOutput(/a,--b/);
    await expect.poll(async () => (await fetch(`${url}api/runs`)).text()).toContain('run_cli');
    expect(await child.kill('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
    // Nobody names a Collector: none is missed.
    expect(child.stderr()).toBe(`signal-otel: live page at http://127.0.0.1:${port}/\n`);
    await expect(fetch(`${url}`)).rejects.toThrow();
  });

  it('ends with the exit code of the program, and takes the next port where one is taken', async () => {
    const port = await freePort();
    await using first = await live(['--port', String(port), '--eval', 'setInterval(() => {}, 1000)']);
    await first.waitForOutput(/live page at/);
    await using second = await live(['--eval', 'setTimeout(() => process.exit(7), 300)'], {
      SIGNAL_LIVE_PORT: String(port),
    });
    expect(await second.exited).toEqual({ code: 7, signal: null });
    expect(second.stderr()).toMatch(/^signal-otel: live page at http:\/\/127\.0\.0\.1:\d+\/\n$/);
    expect(second.stderr()).not.toContain(`:${port}/`);
    // Killed at once it would leave its program behind.
    await first.stop();
  });

  it('shows the runs, of a collector and of requests, where @opentelemetry/sdk-node delivers', {
    timeout: 60_000,
  }, async () => {
    await using server = await startTrainingServer();
    await using receiver = await startOtlpServer();
    const env = {
      OTEL_TRACES_EXPORTER: 'zipkin',
      OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${receiver.url}/zipkin`,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_LOG_LEVEL: 'debug',
      SIGNAL_API_KEY: 'sk-test',
      SIGNAL_SHUTDOWN_TIMEOUT: '1000',
    };
    const endless = ['--url', server.url, '--target-reward', '201'];
    for (const driver of ['train.ts', 'plain.ts']) {
      await using child = await live(['--port', '0', `examples/${driver}`, ...endless], env);
      await child.waitForOutput(/started by @opentelemetry\/sdk-node/);
      const [, url] = await child.waitForOutput(/live page at (http:\S+)/);
      const shown = async () => {
        const { runs }: WireUpdate = JSON.parse(await (await fetch(`${url}api/runs`)).text());
        return runs.flatMap(({ metrics }) => Object.keys(metrics));
      };
      const expected = ['signal.rl.kl_divergence', 'signal.performance.forward_backward_duration_ms'];
      await expect
        .poll(shown, { timeout: 20_000 })
        .toEqual(expect.arrayContaining(expected))
        .finally(() => child.stop());
    }
  });

  it.each([
    [[], /which program\?/],
    [['--port', 'x', 'app.js'], /whole number from 0 to 65535, not "x"/],
    [['--port', '70000', 'app.js'], /whole number/],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await runNode([cli, 'live', ...args], { cwd: root })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    });
  });

  it('explains itself', async () => {
    const help = await runNode([cli, 'live', '--help'], { cwd: root });
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('--no-open') });
  });
});

describe('SIGNAL_LIVE=1', () => {
  it.each([
    ['by itself', 0, 'setTimeout(() => {}, 300)'],
    ['by process.exit', 3, 'setTimeout(() => process.exit(3), 300)'],
    ['by an exception', 1, "setTimeout(() => { throw new Error('over'); }, 300)"],
  ])('leaves a process to end %s, with a page that is open', async (_, code, end) => {
    await using child = await startNode(
      ['--require', 'signal-otel/register', '--input-type=module', '--eval', program(end.replace('300', '1500'))],
      { cwd: root, env: { SIGNAL_LIVE: '1', SIGNAL_LIVE_PORT: '0' } },
    );
    const [, url] = await child.waitForOutput(/live page at (http:\S+)/);
    const stream = await fetch(`${url}api/stream`);
    const started = performance.now();
    expect(await child.exited).toEqual({ code, signal: null });
    expect(performance.now() - started).toBeLessThan(4_000);
    await expect(stream.text()).rejects.toThrow();
  });

  it('opens a page in a worker thread only where that records something', async () => {
    const busy = `require('signal-otel')
        .createMetricsCollector({ runId: 'run_thread' })
        .collectTrainingMetrics({ step: 1, loss: 0.5 });
      setTimeout(() => {}, 500);`;
    // Without the options that say what the code of this process is.
    const options = "{ eval: true, execArgv: ['--require', 'signal-otel/register'] }";
    const threads = `
      import { Worker } from 'node:worker_threads';
      new Worker('0', ${options});
      new Worker(${JSON.stringify(busy)}, ${options});`;
    const { stderr } = await runNode(['--require', 'signal-otel/register', '--input-type=module', '--eval', threads], {
      cwd: root,
      env: { SIGNAL_LIVE: '1', SIGNAL_LIVE_PORT: '0' },
    });
    expect(stderr.match(/live page at/g)).toHaveLength(2);
  });

  it('loads nothing of the page where it is not set', async () => {
    const loaded =
      'console.log(Object.keys(require.cache).filter((file) => /live/.test(file.replace(process.cwd(), ""))).length)';
    const listing = (env: Readonly<Record<string, string>>) =>
      runNode(['--require', 'signal-otel/register', '--eval', loaded], { cwd: root, env });
    expect((await listing({})).stdout).toBe('0\n');
    expect(Number((await listing({ SIGNAL_LIVE: '1', SIGNAL_LIVE_PORT: '0' })).stdout)).toBeGreaterThan(0);
  });
});
