import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DeliveryRequest, SIGNALS, type SignalKind } from '../../../src/delivery/request.ts';
import { SpoolFile } from '../../../src/delivery/spool-file.ts';
import { SpooledStore } from '../../../src/delivery/spooled-store.ts';
import { DeliveryStatus } from '../../../src/delivery/status.ts';
import { type DeliveryStore, MemoryStore } from '../../../src/delivery/store.ts';
import { CapturedLog } from '../../support/log.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

/** A request that can be told from others by its length. */
function request(bytes: number, signal: SignalKind = 'metrics'): DeliveryRequest {
  return {
    signal,
    contentType: 'application/x-protobuf',
    encoding: 'gzip',
    body: new Uint8Array(bytes).fill(bytes),
    points: bytes * 10,
    createdMillis: 1_700_000_000_000 + bytes,
  };
}

const lengths = (store: DeliveryStore) => [...store.all()].map(({ request }) => request.body.length);

type Create = (folder: string) => DeliveryStore;

const kinds: [string, Create][] = [
  ['in memory', () => new MemoryStore()],
  ['in a file', (folder) => SpoolFile.create(join(folder, 'own.sqlite'))],
  [
    'in a file that memory stands in for',
    (folder) => {
      const log = new CapturedLog();
      return new SpooledStore(SpoolFile.create(join(folder, 'own.sqlite')), { log, status: new DeliveryStatus(log) });
    },
  ],
];

describe.each(kinds)('a store %s', (_, create) => {
  const open = () => {
    const folder = new TemporaryFolder();
    return { store: create(folder.path), [Symbol.dispose]: () => folder[Symbol.dispose]() };
  };

  it('gives back what it took, in order, and knows its bytes and its number after each step', () => {
    using opened = open();
    const { store } = opened;
    const totals = () => [store.length, store.bytes];
    expect(totals()).toEqual([0, 0]);
    const first = store.add(request(3));
    expect(totals()).toEqual([1, 3]);
    store.add(request(5, 'logs'));
    store.add(request(7));
    expect(totals()).toEqual([3, 15]);
    expect([...store.all()].map(({ request }) => request)).toEqual([request(3), request(5, 'logs'), request(7)]);
    expect(store.waiting('metrics', 0)).toEqual({ id: first, request: request(3) });
    expect(store.waiting('metrics', 1)?.request).toEqual(request(7));
    expect(store.waiting('logs', 0)?.request).toEqual(request(5, 'logs'));
    expect(store.waiting('logs', 1)).toBeUndefined();
    expect(store.waiting('traces', 0)).toBeUndefined();
    expect(store.remove(first)).toBe(true);
    expect(store.remove(first)).toBe(false);
    expect(totals()).toEqual([2, 12]);
    expect(store.waiting('metrics', 0)?.request).toEqual(request(7));
  });

  it('finds the oldest of all, but for those that are under way', () => {
    using opened = open();
    const { store } = opened;
    const ids = SIGNALS.map((signal, index) => store.add(request(index + 1, signal)));
    const [first = 0, second = 0, third = 0] = ids;
    expect(store.oldest(new Set())).toEqual({ id: first, signal: 'metrics', points: 10 });
    expect(store.oldest(new Set([first]))).toEqual({ id: second, signal: 'traces', points: 20 });
    expect(store.oldest(new Set([first, third]))?.id).toBe(second);
    expect(store.oldest(new Set(ids))).toBeUndefined();
    store.remove(first);
    expect(store.oldest(new Set())?.id).toBe(second);
  });

  it('puts halves, and halves of halves, between their neighbours', () => {
    using opened = open();
    const { store } = opened;
    store.add(request(1));
    const middle = store.add(request(8));
    store.add(request(2));
    store.replace(middle, [request(4), request(5)]);
    expect(lengths(store)).toEqual([1, 4, 5, 2]);
    expect([store.length, store.bytes]).toEqual([4, 12]);
    for (let depth = 0; depth < 15; depth++) {
      const left = [...store.all()].find(({ request }) => request.body.length === 4);
      store.replace(left?.id ?? 0, [request(4), request(6)]);
    }
    expect(lengths(store)).toEqual([1, 4, ...Array(15).fill(6), 5, 2]);
    const last = [...store.all()].at(-1)?.id ?? 0;
    store.replace(last, [request(9), request(10)]);
    store.add(request(11));
    expect(lengths(store).slice(-3)).toEqual([9, 10, 11]);
    const { length } = store;
    store.replace(12_345, [request(1)]);
    expect(store.length).toBe(length);
    expect(new Set([...store.all()].map(({ id }) => id)).size).toBe(store.length);
  });
});

describe('MemoryStore', () => {
  it('begins with what another store had, under the same ids', () => {
    const before = new MemoryStore();
    const ids = [request(1), request(2), request(3)].map((one) => before.add(one));
    before.remove(ids[0] ?? 0);
    const store = new MemoryStore(before.all());
    expect([store.length, store.bytes]).toEqual([2, 5]);
    expect(store.remove(ids[1] ?? 0)).toBe(true);
    const added = store.add(request(4));
    expect(ids).not.toContain(added);
    expect(lengths(store)).toEqual([3, 4]);
  });
});

describe('SpooledStore', () => {
  it('goes on in memory where its file fails, with one warning, nothing lost and the ids as they were', () => {
    using folder = new TemporaryFolder();
    const log = new CapturedLog();
    const file = SpoolFile.create(join(folder.path, 'own.sqlite'));
    const store = new SpooledStore(file, { log, status: new DeliveryStatus(log) });
    const ids = [request(1), request(2), request(3)].map((one) => store.add(one));
    expect(store.isDurable).toBe(true);
    // What a full disk does: the second half is not written.
    const tooLarge = { ...request(5), points: Number.NaN };
    expect(() => store.replace(ids[1] ?? 0, [request(4), tooLarge])).not.toThrow();
    expect(store.isDurable).toBe(false);
    expect(lengths(store)).toEqual([1, 4, 5, 3]);
    expect([store.length, store.bytes]).toEqual([4, 13]);
    expect(store.remove(ids[2] ?? 0)).toBe(true);
    store.add(request(6));
    expect(lengths(store)).toEqual([1, 4, 5, 6]);
    expect(log.warnings).toEqual([expect.stringMatching(/own\.sqlite can no longer be used .*kept in memory instead/)]);
  });

  it('is empty once it is closed, for those who still hold an id', () => {
    using folder = new TemporaryFolder();
    const log = new CapturedLog();
    const path = join(folder.path, 'own.sqlite');
    const store = new SpooledStore(SpoolFile.create(path), { log, status: new DeliveryStatus(log) });
    const id = store.add(request(1));
    store.close();
    expect(store.remove(id)).toBe(false);
    store.replace(id, [request(2)]);
    expect(store.length).toBe(0);
    expect(log.warnings).toEqual([]);
    const file = SpoolFile.adopt(path);
    expect(file && lengths(file)).toEqual([1]);
    file?.close();
  });
});
