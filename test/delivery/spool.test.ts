import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { startProcess } from '../support/child.ts';
import { range } from '../support/delivery.ts';
import { node22, receivedOf, root, runIdle, type Said, startDriver, stepsOf } from '../support/driver.ts';
import { acceptAndClose, FaultyServer } from '../support/faulty-server.ts';
import { freePort } from '../support/ports.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const urlOf = (port: number) => `http://127.0.0.1:${port}`;

const spoolFiles = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.sqlite'));

/** Nothing may be missing of what was said a second before the end, and what was late by the machine's own doing. */
function lastDurableStep(said: readonly Said[], killMillis: number): number {
  const pauses = said.map(({ millis }, index) => millis - (said[index - 1]?.millis ?? millis));
  // Where the machine made the driver wait between two steps, the timer that writes has waited as long, and after it
  // the compression, which needs a thread: twice the longest pause, and as much for what the pauses do not show.
  const slackMillis = 2 * Math.max(...pauses, 100);
  return said.findLast(({ millis }) => millis <= killMillis - 1_000 - slackMillis)?.step ?? 0;
}

describe('a process that is killed', () => {
  it.each([
    ['this Node', process.execPath],
    ['the oldest Node', node22],
  ])('on %s: what it left arrives through the next one, once, but for the last second', async (_, node) => {
    using folder = new TemporaryFolder();
    const port = await freePort();
    const options = { url: urlOf(port), spoolFolder: join(folder.path, 'spool'), node };
    await using child = await startDriver({ ...options, env: { SIGNAL_STEP_RESOLUTION: 'all' } });
    await child.waitForOutput(/step 200 /);
    const killMillis = Date.now();
    await child.kill('SIGKILL');
    const said = stepsOf(child);
    expect(child.stderr().trim().split('\n')).toEqual([expect.stringContaining('cannot deliver metrics')]);

    await using server = await FaultyServer.start({ port });
    expect(await runIdle(options)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const received = receivedOf(server.taken('metrics'));
    const { length } = received.steps;
    const durable = lastDurableStep(said, killMillis);
    expect(durable).toBeGreaterThan(0);
    expect(length).toBeGreaterThanOrEqual(durable);
    expect(received.steps).toEqual(range(1, length + 1));
    // A gauge waits for the end of its second, which counts do not.
    expect(received.records).toBeGreaterThanOrEqual(length);
    expect(received.records).toBeLessThanOrEqual(said.length);
    expect(received.count).toBe(3 * received.records);
    expect(readdirSync(options.spoolFolder)).toEqual([]);
    expect(receivedOf(server.taken('metrics'))).toEqual(received);
  });

  it('several that start at once deliver what it left once', async () => {
    using folder = new TemporaryFolder();
    const port = await freePort();
    const options = { url: urlOf(port), spoolFolder: folder.path };
    await using child = await startDriver({ ...options, env: { SIGNAL_STEP_RESOLUTION: 'all' } });
    await child.waitForOutput(/step 120 /);
    await child.kill('SIGKILL');
    await using server = await FaultyServer.start({ port });
    const next = await Promise.all(range(0, 4).map(() => runIdle(options)));
    expect(next.map(({ code, stderr }) => [code, stderr])).toEqual(Array(4).fill([0, '']));
    const { steps, records, count, seconds } = receivedOf(server.taken('metrics'));
    expect(steps).toEqual(range(1, steps.length + 1));
    expect(steps.length).toBeGreaterThan(0);
    expect(count).toBe(3 * records);
    expect(records).toBeGreaterThanOrEqual(steps.length);
    expect(records).toBeLessThanOrEqual(stepsOf(child).length);
    expect(readdirSync(options.spoolFolder)).toEqual([]);
    expect(receivedOf(server.taken('metrics'))).toEqual({ steps, records, count, seconds });
  });

  it('one of several that share the folder and live on: they deliver what it left, and each its own', async () => {
    using folder = new TemporaryFolder();
    const port = await freePort();
    const options = { url: urlOf(port), spoolFolder: folder.path, env: { SIGNAL_STEP_RESOLUTION: 'all' } };
    await using killed = await startDriver({ ...options, run: 'killed' });
    await using one = await startDriver({ ...options, run: 'one' });
    await using other = await startDriver({ ...options, run: 'other' });
    const children = [killed, one, other];
    await Promise.all(children.map((child) => child.waitForOutput(/step 120 /)));
    await killed.kill('SIGKILL');
    expect(spoolFiles(folder.path)).toHaveLength(3);
    await using server = await FaultyServer.start({ port, otherwise: () => acceptAndClose });
    // The others look for what was left from time to time.
    await vi.waitUntil(() => spoolFiles(folder.path).length === 2, { timeout: 30_000 });
    const told = { one: stepsOf(one).length, other: stepsOf(other).length };
    await Promise.all([one.stop(), other.stop()]);
    for (const [run, child] of [
      ['one', one],
      ['other', other],
    ] as const) {
      const received = receivedOf(server.taken('metrics'), run);
      expect(received).toMatchObject({ count: 3 * received.records, steps: range(1, received.records + 1) });
      // Of steps that were taken while the process was told to end, nobody knows; the last may be recorded and not told.
      expect(received.records).toBeGreaterThanOrEqual(told[run]);
      expect(received.records).toBeLessThanOrEqual(stepsOf(child).length + 1);
    }
    const left = receivedOf(server.taken('metrics'), 'killed');
    expect(left.steps).toEqual(range(1, left.steps.length + 1));
    expect(left.steps.length).toBeGreaterThan(0);
    expect(left.count).toBe(3 * left.records);
    expect(readdirSync(options.spoolFolder)).toEqual([]);
    expect(receivedOf(server.taken('metrics'), 'killed')).toEqual(left);
  });
});

it.each([
  ['this Node', process.execPath],
  ['the oldest Node', node22],
])('on %s SQLite is loaded only where there is a spool, and without a word of it', async (_, node) => {
  using folder = new TemporaryFolder();
  await using server = await FaultyServer.start();
  const record = `
    require('signal-otel').createMetricsCollector({ runId: 'run' }).collectTrainingMetrics({ loss: 1, step: 1 });
    process.on('exit', () => console.log(process.moduleLoadList.includes('NativeModule sqlite')));
  `;
  const run = async (env: Readonly<Record<string, string>>) => {
    const settings = { cwd: root, env: { OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(server.port), ...env } };
    await using child = await startProcess(node, ['--require', 'signal-otel/register', '--eval', record], settings);
    await child.exited;
    return [child.stdout(), child.stderr()];
  };
  expect(await run({})).toEqual(['false\n', '']);
  expect(await run({ SIGNAL_SPOOL_DIR: folder.path })).toEqual(['true\n', '']);
});
