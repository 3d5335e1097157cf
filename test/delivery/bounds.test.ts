import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DeliveryFixture, numbersOf, range } from '../support/delivery.ts';
import { answer, FaultyServer, hang } from '../support/faulty-server.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const urlOf = ({ port }: FaultyServer) => `http://127.0.0.1:${port}`;

const kinds = ['memory', 'a spool'];

describe.each(kinds)('the bound of a queue in %s', (kept) => {
  it('the oldest of all signals give way, are counted and told once, and what is left arrives in order', async () => {
    using folder = new TemporaryFolder();
    let status = 503;
    await using server = await FaultyServer.start({ otherwise: () => answer(status) });
    using delivery = new DeliveryFixture(urlOf(server), {
      maxBytes: 20_000,
      compression: undefined,
      ...(kept === 'a spool' && { spoolFolder: folder.path }),
    });
    await delivery.export('traces', 5);
    await expect.poll(() => delivery.log.warnings).toHaveLength(1);
    for (let request = 0; request < 40; request++) await delivery.export('logs', 50);
    // Beyond the bound there is at most the newest request, and what is being sent.
    expect(delivery.queue.bytes).toBeLessThanOrEqual(20_000 + 2_500);
    expect(delivery.queue.bytes).toBeGreaterThan(15_000);
    status = 200;
    await delivery.drained();
    // The other signal works again, too.
    await delivery.export('traces', 1);
    await delivery.drained();
    const numbers = server.taken('logs').flatMap(numbersOf);
    const spans = server.taken('traces').flatMap(numbersOf);
    const { logs, traces } = delivery.status.all();
    // The first of a signal may have been under way when others gave way.
    const first = numbers[0] === 0 ? numbers.splice(0, 50) : [];
    expect(first).toEqual(range(0, first.length));
    expect(numbers).toEqual(range(2_000 - numbers.length, 2_000));
    expect(numbers.length).toBeGreaterThan(200);
    const arrived = numbers.length + first.length;
    expect(logs).toMatchObject({ exportedPoints: arrived, droppedPoints: { queue_full: 2_000 - arrived } });
    expect(traces.exportedPoints + (traces.droppedPoints.queue_full ?? 0)).toBe(6);
    expect(traces.exportedPoints).toBe(spans.length);
    const told = delivery.log.warnings.filter((warning) =>
      /more than 20000 bytes.*SIGNAL_QUEUE_MAX_BYTES/.test(warning),
    );
    expect(told.filter((warning) => /log records/.test(warning))).toHaveLength(1);
    expect(delivery.log.infos).toEqual([expect.stringMatching(/\d+ points were lost/)]);
  });

  it('a request beyond it is sent all the same where the receiver is there', async () => {
    using folder = new TemporaryFolder();
    await using server = await FaultyServer.start();
    using delivery = new DeliveryFixture(urlOf(server), {
      maxBytes: 100,
      compression: undefined,
      ...(kept === 'a spool' && { spoolFolder: folder.path }),
    });
    for (let request = 0; request < 3; request++) {
      await delivery.export('logs', 50);
      await delivery.drained();
    }
    expect(server.taken('logs').flatMap(numbersOf)).toEqual(range(0, 150));
    expect(delivery.log.warnings).toEqual([]);
  });

  it('what is being sent does not give way: it would be counted as lost, and arrive', async () => {
    using folder = new TemporaryFolder();
    await using server = await FaultyServer.start({ script: [{ ...hang('request'), takes: false }] });
    using delivery = new DeliveryFixture(urlOf(server), {
      maxBytes: 5_000,
      compression: undefined,
      env: { OTEL_EXPORTER_OTLP_TIMEOUT: '300' },
      ...(kept === 'a spool' && { spoolFolder: folder.path }),
    });
    await delivery.export('logs', 50);
    await server.until(({ arrivals }) => arrivals.length === 1);
    for (let request = 0; request < 10; request++) await delivery.export('logs', 50);
    await delivery.drained();
    const numbers = server.taken('logs').flatMap(numbersOf);
    expect(numbers.slice(0, 50)).toEqual(range(0, 50));
    const { exportedPoints, droppedPoints } = delivery.status.all().logs;
    expect(exportedPoints).toBe(numbers.length);
    expect(droppedPoints).toEqual({ queue_full: 550 - numbers.length });
  });
});

describe('the age of points', () => {
  it('where the backend takes none beyond it, they are dropped and counted; elsewhere they are sent', async () => {
    let status = 503;
    await using server = await FaultyServer.start({ otherwise: () => answer(status) });
    using strict = new DeliveryFixture(urlOf(server), { change: (to) => ({ ...to, maxAgeMillis: 400 }) });
    using patient = new DeliveryFixture(urlOf(server));
    await strict.export('logs', 3);
    await patient.export('traces', 3);
    await sleep(450);
    await strict.export('logs', 2);
    status = 200;
    await Promise.all([strict.drained(), patient.drained()]);
    expect(server.taken('logs').flatMap(numbersOf)).toEqual([3, 4]);
    expect(server.taken('traces').flatMap(numbersOf)).toEqual([0, 1, 2]);
    expect(strict.status.all().logs).toMatchObject({ exportedPoints: 2, droppedPoints: { too_old: 3 } });
    expect(strict.log.warnings).toEqual([
      expect.stringContaining('it answers 503'),
      expect.stringMatching(/^3 log records are lost: .*no points of this age/),
    ]);
  });
});

describe.each(kinds)('a large backlog in %s', (kept) => {
  it('thousands of requests are kept and sent in time that grows with their number alone', async () => {
    using folder = new TemporaryFolder();
    let status = 503;
    await using server = await FaultyServer.start({ otherwise: () => answer(status) });
    using delivery = new DeliveryFixture(urlOf(server), kept === 'a spool' ? { spoolFolder: folder.path } : {});
    const body = gzipSync('{}');
    const common = { contentType: 'application/json', encoding: 'gzip', points: 1, body } as const;
    // Signals that wait beside each other do not look through each other's requests.
    for (let index = 0; index < 2_000; index++) {
      void delivery.queue.add({ ...common, signal: 'traces', createdMillis: index });
      void delivery.queue.add({ ...common, signal: 'metrics', createdMillis: index });
    }
    expect([delivery.queue.length, delivery.queue.bytes]).toEqual([4_000, 4_000 * body.length]);
    status = 200;
    await delivery.drained();
    const all = delivery.status.all();
    expect([all.traces.exportedPoints, all.metrics.exportedPoints]).toEqual([2_000, 2_000]);
    expect(server.taken('traces')).toHaveLength(2_000);
  });
});
