import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { SpoolFile } from '../../src/delivery/spool-file.ts';
import { range } from '../support/delivery.ts';
import { node22, receivedOf, runIdle, type Said, startDriver, stepsOf } from '../support/driver.ts';
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

/** Further processes empty the folder; what they say of themselves at their end waits for the one after. */
async function expectNoneLeft(options: { readonly url: string; readonly spoolFolder: string }): Promise<void> {
  for (let run = 0; run < 5 && readdirSync(options.spoolFolder).length > 0; run++) {
    expect(await runIdle(options)).toMatchObject({ code: 0, stderr: '' });
  }
  expect(readdirSync(options.spoolFolder)).toEqual([]);
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
    await expectNoneLeft(options);
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
    await expectNoneLeft(options);
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
    await Promise.all([one.stop(), other.stop()]);
    for (const [run, child] of [
      ['one', one],
      ['other', other],
    ] as const) {
      const { length } = stepsOf(child);
      const received = receivedOf(server.taken('metrics'), run);
      expect(received).toMatchObject({ count: 3 * received.records, steps: range(1, received.records + 1) });
      // Of a step that was taken while the process was told to end, nobody knows.
      expect(Math.abs(received.records - length)).toBeLessThanOrEqual(1);
    }
    const left = receivedOf(server.taken('metrics'), 'killed');
    expect(left.steps).toEqual(range(1, left.steps.length + 1));
    expect(left.steps.length).toBeGreaterThan(0);
    expect(left.count).toBe(3 * left.records);
    await expectNoneLeft(options);
    expect(receivedOf(server.taken('metrics'), 'killed')).toEqual(left);
  });
});

describe('a spool that fails', () => {
  /** A driver from whose receiver nothing comes back until it has said something. */
  async function trainThrough(
    options: { spoolFolder: string; mount?: string; steps?: number },
    meanwhile: RegExp | (() => Promise<void> | void),
  ) {
    const port = await freePort();
    await using child = await startDriver({
      url: urlOf(port),
      env: { SIGNAL_STEP_RESOLUTION: 'all' },
      steps: 200,
      ...options,
    });
    if (meanwhile instanceof RegExp) await child.waitForOutput(meanwhile);
    else {
      await child.waitForOutput(/step 80 /);
      await meanwhile();
      await child.waitForOutput(/kept in memory instead/);
    }
    await using server = await FaultyServer.start({ port });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    const warnings = child
      .stderr()
      .split('\n')
      .filter((line) => !/cannot deliver|works again|^$/.test(line));
    return { warnings, received: receivedOf(server.taken('metrics')), steps: stepsOf(child).length };
  }

  const complete = (steps: number) => ({ count: 3 * steps, records: steps, steps: range(1, steps + 1) });

  it.concurrent('a folder that cannot be made: memory, one warning', async () => {
    using folder = new TemporaryFolder();
    writeFileSync(join(folder.path, 'file'), '');
    const { warnings, received, steps } = await trainThrough(
      { spoolFolder: join(folder.path, 'file', 'spool') },
      /step 80 /,
    );
    expect(warnings).toEqual([expect.stringMatching(/nothing can be kept in .*spool \(.*ENOTDIR.*in memory instead/)]);
    expect(received).toMatchObject(complete(steps));
  });

  it.concurrent.each([
    ['a folder that is read only', 'mount -t tmpfs -o ro none .', /step 80 /],
    ['a disk that is full', 'mount -t tmpfs -o size=64k none . && head -c 64k /dev/zero > full', /step 80 /],
    ['a disk that becomes full', 'mount -t tmpfs -o size=64k none .', /can no longer be used \(.*full/],
  ])('%s: memory, one warning', async (_, mount, until) => {
    using folder = new TemporaryFolder();
    const mounting = `home=$(pwd) && cd ${folder.path} && ${mount.replaceAll(' .', ` ${folder.path}`)} && cd $home`;
    const { warnings, received, steps } = await trainThrough(
      { spoolFolder: folder.path, mount: mounting.replace('> full', `> ${folder.path}/full`), steps: 400 },
      until,
    );
    expect(warnings).toEqual([expect.stringContaining('in memory instead')]);
    expect(received).toMatchObject(complete(steps));
  });

  it.concurrent('a file that is deleted meanwhile: memory, one warning', async () => {
    using folder = new TemporaryFolder();
    const { warnings, received, steps } = await trainThrough({ spoolFolder: folder.path }, () => {
      for (const name of readdirSync(folder.path)) rmSync(join(folder.path, name));
    });
    expect(warnings).toEqual([expect.stringContaining('it has been deleted')]);
    expect(received).toMatchObject(complete(steps));
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.concurrent('a folder that is deleted meanwhile: memory, one warning', async () => {
    using folder = new TemporaryFolder();
    const spoolFolder = join(folder.path, 'spool');
    const { warnings, received, steps } = await trainThrough({ spoolFolder }, () =>
      rmSync(spoolFolder, { recursive: true }),
    );
    expect(warnings).toEqual([expect.stringContaining('it has been deleted')]);
    expect(received).toMatchObject(complete(steps));
  });

  it.concurrent('damaged files that others left: a warning each, set aside, everything else works', async () => {
    using folder = new TemporaryFolder();
    const at = (name: string) => join(folder.path, name);
    writeFileSync(at('1-garbage.sqlite'), Buffer.alloc(10_000, 'garbage'));
    const file = SpoolFile.create(at('2-short.sqlite'));
    for (let index = 0; index < 10; index++) {
      const body = Buffer.alloc(9_000);
      file.add({
        signal: 'logs',
        contentType: 'application/json',
        encoding: 'gzip',
        body,
        points: 1,
        createdMillis: 0,
      });
    }
    file.close();
    truncateSync(at('2-short.sqlite'), statSync(at('2-short.sqlite')).size / 2);
    mkdirSync(at('3-folder.sqlite'));
    const { warnings, received, steps } = await trainThrough({ spoolFolder: folder.path }, /step 80 /);
    expect(warnings).toEqual([
      expect.stringMatching(/1-garbage\.sqlite is damaged, what was in it is lost/),
      expect.stringMatching(/2-short\.sqlite is damaged, what was in it is lost/),
      expect.stringMatching(/3-folder\.sqlite cannot be opened/),
    ]);
    expect(received).toMatchObject(complete(steps));
    expect(readdirSync(folder.path).sort()).toEqual([
      '1-garbage.sqlite.damaged',
      '2-short.sqlite.damaged',
      '3-folder.sqlite',
    ]);
  });
});
