import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpoolFile } from '../../src/delivery/spool-file.ts';
import { range } from '../support/delivery.ts';
import { receivedOf, startDriver, stepsOf } from '../support/driver.ts';
import { FaultyServer } from '../support/faulty-server.ts';
import { freePort } from '../support/ports.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const urlOf = (port: number) => `http://127.0.0.1:${port}`;

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

  it.concurrent('a file that is overwritten meanwhile: what could be read goes on, the rest is counted', async () => {
    using folder = new TemporaryFolder();
    const port = await freePort();
    const options = { url: urlOf(port), spoolFolder: folder.path, env: { SIGNAL_STEP_RESOLUTION: 'all' } };
    await using child = await startDriver({ ...options, steps: 200 });
    await child.waitForOutput(/step 80 /);
    for (const name of readdirSync(folder.path)) {
      const path = join(folder.path, name);
      writeFileSync(path, Buffer.alloc(statSync(path).size, 'garbage'), { flag: 'r+' });
    }
    await child.waitForOutput(/step 150 /);
    await using server = await FaultyServer.start({ port });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    const { steps, records, count } = receivedOf(server.taken('metrics'));
    expect(count).toBe(3 * records);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    const lost = /(\d+) data points are lost: .* can no longer be read/.exec(child.stderr());
    if (lost === null) expect(steps).toEqual(range(1, 201));
    else expect(steps.length).toBeLessThan(200);
    // What is left of the file harms nobody who comes later.
    expect(readdirSync(options.spoolFolder)).toEqual([]);
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
    expect(
      readdirSync(folder.path)
        .filter((name) => /^\d-/.test(name))
        .sort(),
    ).toEqual(['1-garbage.sqlite.damaged', '2-short.sqlite.damaged', '3-folder.sqlite']);
  });
});
