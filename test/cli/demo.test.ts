import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode, startNode } from '../support/child.ts';
import { startOtlpServer, valuesOf } from '../support/otlp-server.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = 'dist/cli/main.js';

function demo(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return startNode([cli, 'demo', '--no-open', '--port', '0', ...args], { cwd: root, env });
}

/** Has every process of Node's write down that it is there, and to whom it speaks. */
function watching(folder: TemporaryFolder) {
  const [hook, record] = [`${folder.path}/watch.cjs`, `${folder.path}/record`];
  writeFileSync(
    hook,
    `const { appendFileSync } = require('node:fs');
    const note = (what) => appendFileSync(${JSON.stringify(record)}, JSON.stringify(what) + '\\n');
    note({ pid: process.pid });
    const { Socket } = require('node:net');
    const { connect } = Socket.prototype;
    Socket.prototype.connect = function (...args) {
      const [{ host, path }] = Array.isArray(args[0]) ? args[0] : args;
      note({ host: host ?? path ?? 'localhost' });
      return connect.apply(this, args);
    };`,
  );
  const notes = (): { pid?: number; host?: string }[] =>
    readFileSync(record, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  return {
    env: { NODE_OPTIONS: `--require ${hook}` },
    hosts: () => [...new Set(notes().flatMap(({ host }) => host ?? []))],
    pids: () => notes().flatMap(({ pid }) => pid ?? []),
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('signal-otel demo', () => {
  it('trains with its page and its endpoint, and nothing leaves the machine, whatever keys are there', {
    timeout: 120_000,
  }, async () => {
    using folder = new TemporaryFolder();
    const watch = watching(folder);
    const json = `${folder.path}/values.json`;
    const more = ['--steps', '64', '--diverge', '8:40', '--target-reward=201', '--json', json];
    await using child = await demo(more, {
      ...watch.env,
      DATADOG_API_KEY: 'a'.repeat(32),
      SIGNAL_API_KEY: 'sk-real',
      SIGNAL_SPOOL_DIR: folder.path,
    });
    const [, page = ''] = await child.waitForOutput(/live page at (\S+)/);
    const [, endpoint = ''] = await child.waitForOutput(/Prometheus metrics at (\S+)/);
    await expect
      .poll(async () => (await fetch(endpoint)).text(), { timeout: 30_000 })
      .toContain('signal_training_loss{');
    expect(await (await fetch(`${page}api/runs`)).text()).toContain('signal.training.loss');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.stderr()).toContain('Critical: step');
    expect(child.stdout()).toMatch(/64 optimizer steps/);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ optim_steps: 64 });
    expect(watch.hosts()).toEqual(['127.0.0.1']);
    await expect.poll(() => watch.pids().filter(isAlive)).toEqual([]);
  });

  it('sends where the environment says, beside the page', { timeout: 60_000 }, async () => {
    await using receiver = await startOtlpServer();
    await using child = await demo(['--steps', '4'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    await child.waitForOutput(/live page at/);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    const names = receiver.requests.flatMap((request) => valuesOf(request, 'name'));
    expect(names).toContain('signal.training.loss');
    expect(names).toContain('train.step');
  });

  it('ends by the signal that it gets, and all its processes with it', { timeout: 60_000 }, async () => {
    using folder = new TemporaryFolder();
    const watch = watching(folder);
    await using child = await demo(['--target-reward', '201'], watch.env);
    await child.waitForOutput(/step 16/, { timeoutMillis: 30_000 });
    expect(await child.kill('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
    expect(watch.pids().length).toBeGreaterThanOrEqual(3);
    await expect.poll(() => watch.pids().filter(isAlive)).toEqual([]);
  });

  it.each([
    [['--stepz', '3'], /Unknown option '--stepz'.* See signal-otel demo --help/],
    [['--steps', 'many'], /--steps does not take "many"\. See/],
    [['--steps', '3', '--port', 'x'], /whole number from 0 to 65535, not "x"/],
  ])('says what is wrong with %j, and starts nothing', async (args, message) => {
    expect(await runNode([cli, 'demo', ...args], { cwd: root })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });

  it('explains itself, with the options of the training', async () => {
    const { code, stdout } = await runNode([cli, 'demo', '--help'], { cwd: root });
    expect(code).toBe(0);
    for (const option of ['--no-open', '--diverge FROM:TO', '--target-reward']) expect(stdout).toContain(option);
    expect((await runNode([cli, '--help'], { cwd: root })).stdout).toContain('signal-otel demo');
  });
});
