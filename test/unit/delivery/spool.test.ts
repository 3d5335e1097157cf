import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { DeliveryRequest } from '../../../src/delivery/request.ts';
import { Spool } from '../../../src/delivery/spool.ts';
import { SpoolFile } from '../../../src/delivery/spool-file.ts';
import { startNode } from '../../support/child.ts';
import { CapturedLog } from '../../support/log.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const app = fileURLToPath(new URL('apps/lock-spool-file.ts', import.meta.url));

const request: DeliveryRequest = {
  signal: 'metrics',
  contentType: 'application/json',
  encoding: 'identity',
  body: Buffer.alloc(10_000, 'x'),
  points: 3,
  createdMillis: 1_700_000_000_000,
};

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('SpoolFile', () => {
  it('keeps what is in it, bytes and number included, and goes with the last', () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, 'a b#c%20?.sqlite');
    const created = SpoolFile.create(path);
    const ids = [created.add(request), created.add({ ...request, signal: 'logs' }), created.add(request)];
    created.close();
    const adopted = SpoolFile.adopt(path);
    expect(adopted).toMatchObject({ length: 3, bytes: 30_000, points: { metrics: 6, traces: 0, logs: 3 } });
    expect(adopted && [...adopted.all()]).toEqual(
      [request, { ...request, signal: 'logs' }, request].map((one, index) => ({
        id: ids[index],
        request: { ...one, body: new Uint8Array(one.body) },
      })),
    );
    expect(adopted?.add(request)).toBeGreaterThan(ids[2] ?? 0);
    for (const { id } of [...(adopted?.all() ?? [])]) adopted?.remove(id);
    adopted?.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('belongs to one connection at a time: of this thread, of another, and of another process', async () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, 'own.sqlite');
    const file = SpoolFile.create(path);
    file.add(request);
    expect(SpoolFile.adopt(path)).toBeUndefined();
    const worker = new Worker(app, { argv: [path] });
    expect((await once(worker, 'message'))[0]).toBe('locked');
    await worker.terminate();
    await using child = await startNode([app, path]);
    await child.waitForOutput(/locked/);
    // Whoever looked has not taken the lock away.
    expect(SpoolFile.adopt(path)).toBeUndefined();
    file.add(request);
    file.close();
    await using other = await startNode([app, path]);
    await other.waitForOutput(/has 2/);
    expect(SpoolFile.adopt(path)).toBeUndefined();
    await other.kill();
    const adopted = SpoolFile.adopt(path);
    expect(adopted?.length).toBe(2);
    adopted?.close();
  });

  it("is left by a thread that ends, in the middle of its parent's life", async () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, 'own.sqlite');
    const file = SpoolFile.create(path);
    file.add(request);
    file.close();
    const worker = new Worker(app, { argv: [path] });
    expect((await once(worker, 'message'))[0]).toBe('has 1');
    expect(SpoolFile.adopt(path)).toBeUndefined();
    await worker.terminate();
    const adopted = SpoolFile.adopt(path);
    expect(adopted?.length).toBe(1);
    adopted?.close();
  });

  it('of a later layout is left alone', () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, 'later.sqlite');
    const later = new DatabaseSync(path);
    later.exec('CREATE TABLE something (other); PRAGMA user_version = 2');
    later.close();
    const before = readFileSync(path);
    const log = new CapturedLog();
    expect(new Spool(folder.path, log).adopt()).toEqual([]);
    expect(readdirSync(folder.path)).toEqual(['later.sqlite']);
    const again = new DatabaseSync(path);
    expect(again.prepare('PRAGMA user_version').get()?.user_version).toBe(2);
    expect(again.prepare('SELECT name FROM sqlite_master').all()).toEqual([{ name: 'something' }]);
    again.close();
    expect(before.length).toBe(statSync(path).size);
    expect(log.warnings).toEqual([]);
  });

  it('is not written on once it has been deleted', () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, 'own.sqlite');
    const file = SpoolFile.create(path);
    file.add(request);
    file.discard();
    expect(readdirSync(folder.path)).toEqual([]);
    const other = SpoolFile.create(path);
    other.add(request);
    rmSync(path);
    expect(() => other.add(request)).toThrow('it has been deleted');
    expect([...other.all()]).toHaveLength(1);
    other.discard();
  });
});

describe('Spool', () => {
  it('makes its folder and files for their owner alone, whatever others may have there', () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, 'deep', 'spool');
    const umask = process.umask(0);
    try {
      const file = new Spool(path, new CapturedLog()).create();
      file.add(request);
      expect([modeOf(path), modeOf(join(folder.path, 'deep'))]).toEqual(['700', '700']);
      const names = readdirSync(path);
      expect(names.map((name) => name.replace(/.*\.sqlite/, '')).sort()).toEqual(['', '-wal']);
      expect(names.map((name) => modeOf(join(path, name)))).toEqual(['600', '600']);
      file.close();
    } finally {
      process.umask(umask);
    }
    chmodSync(path, 0o755);
    new Spool(path, new CapturedLog()).create().close();
    expect(modeOf(path)).toBe('755');
  });

  it('adopts what others left, the oldest first, and never what is in use', () => {
    using folder = new TemporaryFolder();
    const log = new CapturedLog();
    const spool = new Spool(folder.path, log);
    const own = spool.create();
    own.add(request);
    const names = ['1700000000000-a.sqlite', '1700000000001-b.sqlite', '1600000000000-c.sqlite'];
    for (const name of names) {
      const file = SpoolFile.create(join(folder.path, name));
      file.add(request);
      file.close();
    }
    writeFileSync(join(folder.path, 'notes.txt'), 'mine');
    const adopted = spool.adopt();
    expect(adopted.map(({ path }) => path)).toEqual(
      [names[2], names[0], names[1]].map((name) => join(folder.path, `${name}`)),
    );
    expect(spool.adopt()).toEqual([]);
    expect(new Spool(folder.path, log).adopt()).toEqual([]);
    for (const file of [own, ...adopted]) file.close();
    // A file that is given back with something in it is somebody else's next.
    expect(new Spool(folder.path, log).adopt()).toHaveLength(4);
    expect(log.warnings).toEqual([]);
  });

  it('takes a few at a time of very many', () => {
    using folder = new TemporaryFolder();
    const log = new CapturedLog();
    for (let index = 0; index < 40; index++) {
      const file = SpoolFile.create(join(folder.path, `${index + 10}.sqlite`));
      file.add(request);
      file.close();
    }
    const spool = new Spool(folder.path, log);
    const adopted = [spool.adopt(), spool.adopt(), spool.adopt(), spool.adopt()];
    expect(adopted.map(({ length }) => length)).toEqual([16, 16, 8, 0]);
    for (const file of adopted.flat()) file.discard();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each<[string, (path: string) => void]>([
    ['garbage', (path) => writeFileSync(path, Buffer.alloc(5_000, 'garbage'))],
    ['cut short', (path) => truncateSync(path, statSync(path).size - 5_000)],
    ['overwritten in the middle', (path) => writeFileSync(path, Buffer.alloc(9_000, 'x'), { flag: 'r+' })],
  ])('a file that is %s is set aside, with one warning', (_, damage) => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, 'left.sqlite');
    const file = SpoolFile.create(path);
    for (let index = 0; index < 10; index++) file.add(request);
    file.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    damage(path);
    const log = new CapturedLog();
    const spool = new Spool(folder.path, log);
    expect(spool.adopt()).toEqual([]);
    expect(spool.adopt()).toEqual([]);
    expect(log.warnings).toEqual([expect.stringMatching(/left\.sqlite is damaged, what was in it is lost: /)]);
    expect(readdirSync(folder.path)).toEqual(['left.sqlite.damaged']);
    expect(new Spool(folder.path, log).adopt()).toEqual([]);
    expect(log.warnings).toHaveLength(1);
  });

  it('an empty file, of a process killed at its start, goes', () => {
    using folder = new TemporaryFolder();
    const log = new CapturedLog();
    writeFileSync(join(folder.path, 'new.sqlite'), '');
    const [file] = new Spool(folder.path, log).adopt();
    expect(file?.length).toBe(0);
    file?.close();
    expect(readdirSync(folder.path)).toEqual([]);
    expect(log.warnings).toEqual([]);
  });

  it('a folder with the name of a file stays where it is, with one warning', () => {
    using folder = new TemporaryFolder();
    const log = new CapturedLog();
    mkdirSync(join(folder.path, 'left.sqlite'));
    const spool = new Spool(folder.path, log);
    expect(spool.adopt()).toEqual([]);
    expect(spool.adopt()).toEqual([]);
    expect(log.warnings).toEqual([expect.stringMatching(/left\.sqlite cannot be opened, what is in it is left there/)]);
    expect(readdirSync(folder.path)).toEqual(['left.sqlite']);
  });
});
