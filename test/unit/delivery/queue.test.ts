import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Destination } from '../../../src/delivery/destination.ts';
import type { Outcome } from '../../../src/delivery/outcome.ts';
import { DeliveryQueue } from '../../../src/delivery/queue.ts';
import type { DeliveryRequest } from '../../../src/delivery/request.ts';
import { Spool } from '../../../src/delivery/spool.ts';
import { DeliveryStatus } from '../../../src/delivery/status.ts';
import { CapturedLog } from '../../support/log.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const accepted: Outcome = { kind: 'accepted', rejectedPoints: 0 };

/** A queue before a receiver of which each attempt waits until the test decides it. */
class Fixture {
  readonly log = new CapturedLog();
  readonly status = new DeliveryStatus(this.log);
  readonly queue: DeliveryQueue;
  readonly sent: DeliveryRequest[] = [];
  readonly #decisions: ((outcome: Outcome) => void)[] = [];

  constructor(options: Partial<Destination> & { spoolFolder?: string; log?: CapturedLog } = {}) {
    const { spoolFolder, log = this.log, ...receiver } = options;
    const destination: Destination = {
      name: 'http://receiver/v1/logs',
      advice: { unavailable: 'Is it there?', refused: 'Is the key right?' },
      compresses: false,
      timeoutMillis: 10_000,
      maxAgeMillis: Number.POSITIVE_INFINITY,
      send: (request) => {
        this.sent.push(request);
        return new Promise((resolve) => this.#decisions.push(resolve));
      },
      ...receiver,
    };
    this.queue = new DeliveryQueue({
      destinations: { logs: destination, traces: destination },
      maxBytes: 1_000_000,
      maxBackoffMillis: 5,
      spool: spoolFolder === undefined ? undefined : new Spool(spoolFolder, log),
      status: log === this.log ? this.status : new DeliveryStatus(log),
      log,
    });
  }

  /** Resolves once so many requests have been sent. */
  async untilSent(count: number): Promise<void> {
    await expect.poll(() => this.sent.length, { interval: 2 }).toBe(count);
  }

  decide(outcome: Outcome): void {
    this.#decisions.shift()?.(outcome);
  }

  /** Takes everything that is sent from now on. */
  async takeAll(): Promise<void> {
    await expect
      .poll(
        () => {
          this.decide(accepted);
          return this.queue.length;
        },
        { interval: 2 },
      )
      .toBe(0);
  }

  texts(): string[] {
    return this.sent.map(({ body, encoding }) =>
      (encoding === 'gzip' ? gunzipSync(body) : Buffer.from(body)).toString(),
    );
  }
}

function request(text: string, encoding: DeliveryRequest['encoding'] = 'identity'): DeliveryRequest {
  const body = encoding === 'gzip' ? gzipSync(text) : Buffer.from(text);
  return { signal: 'logs', contentType: 'application/json', encoding, body, points: 1, createdMillis: Date.now() };
}

describe('DeliveryQueue', () => {
  it('what comes compressed does not overtake what is being compressed', async () => {
    const fixture = new Fixture({ compresses: true });
    const { queue } = fixture;
    const all = ['1', '2', '3', '4'].map((text) =>
      queue.add(request(text, text === '2' || text === '4' ? 'gzip' : 'identity')),
    );
    expect(queue.length).toBe(4);
    await Promise.all(all);
    await fixture.takeAll();
    expect(fixture.texts()).toEqual(['1', '2', '3', '4']);
    expect(fixture.sent.map(({ encoding }) => encoding)).toEqual(Array(4).fill('gzip'));
  });

  it('hands out what it has at the end at once, in order, compressed or not', async () => {
    const first = new Fixture({ compresses: true });
    await first.queue.add(request('1'));
    for (const text of ['2', '3', '4']) void first.queue.add(request(text));
    const volatile = first.queue.takeVolatile();
    expect(volatile).toHaveLength(4);
    expect(first.queue.length).toBe(0);
    const second = new Fixture({ compresses: true });
    for (const one of volatile) void second.queue.add(one);
    await second.takeAll();
    expect(second.texts()).toEqual(['1', '2', '3', '4']);
  });

  it('flushes what one signal hands over while another is still being sent', async () => {
    const fixture = new Fixture();
    await fixture.queue.add(request('1'));
    await fixture.queue.add({ ...request('2'), signal: 'traces' });
    await fixture.untilSent(2);
    let isFlushed = false;
    const flushed = fixture.queue.flush(10_000).then(() => {
      isFlushed = true;
    });
    fixture.decide(accepted);
    await expect.poll(() => fixture.queue.length, { interval: 2 }).toBe(1);
    await fixture.queue.add(request('3'));
    await fixture.untilSent(3);
    fixture.decide(accepted);
    await expect.poll(() => fixture.queue.length, { interval: 2 }).toBe(1);
    expect(isFlushed).toBe(false);
    fixture.decide(accepted);
    await flushed;
    expect(fixture.queue.length).toBe(0);
  });

  it('counts what is left at its end, and nothing twice', async () => {
    const fixture = new Fixture();
    await fixture.queue.add(request('1'));
    await fixture.queue.add(request('2'));
    await fixture.untilSent(1);
    fixture.queue.close();
    fixture.decide(accepted);
    await fixture.queue.add(request('3'));
    await fixture.untilSent(2);
    fixture.decide(accepted);
    await expect
      .poll(() => fixture.status.all().logs)
      .toMatchObject({ exportedPoints: 1, droppedPoints: { not_sent: 2 } });
    expect(fixture.texts()).toEqual(['1', '3']);
  });

  it.each<[string, Outcome, string[]]>([
    ['taken', accepted, ['1', '2', '3', '4']],
    ['refused for now', { kind: 'unavailable', reason: 'busy' }, ['1', '1', '2', '3', '4']],
    ['refused for ever', { kind: 'refused', reason: 'no' }, ['1', '2', '3', '4']],
  ])(
    'its file fails while a request is under way, which is then %s: nothing lost, nothing twice',
    async (_, outcome, texts) => {
      using folder = new TemporaryFolder();
      const fixture = new Fixture({ spoolFolder: folder.path });
      await fixture.queue.add(request('1'));
      await fixture.queue.add(request('2'));
      await fixture.untilSent(1);
      for (const name of readdirSync(folder.path)) rmSync(join(folder.path, name));
      await fixture.queue.add(request('3'));
      fixture.decide(outcome);
      await fixture.queue.add(request('4'));
      await fixture.takeAll();
      expect(fixture.texts()).toEqual(texts);
      const { exportedPoints, droppedPoints } = fixture.status.all().logs;
      expect(exportedPoints + (droppedPoints.refused ?? 0)).toBe(4);
      expect(fixture.log.warnings.filter((warning) => /in memory instead/.test(warning))).toHaveLength(1);
      fixture.queue.close();
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );

  it('a file that is closed with a request under way keeps it, and says nothing more', async () => {
    using folder = new TemporaryFolder();
    const fixture = new Fixture({ spoolFolder: folder.path });
    await fixture.queue.add(request('1'));
    await fixture.untilSent(1);
    fixture.queue.close();
    fixture.decide(accepted);
    await fixture.queue.flush(1_000);
    expect(fixture.log.warnings).toEqual([]);
    expect(fixture.log.infos).toEqual([`1 requests wait in ${folder.path} for the next process`]);
    const next = new Fixture({ spoolFolder: folder.path });
    await next.takeAll();
    expect(next.texts()).toEqual(['1']);
    next.queue.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('what others left comes before its own, however many they were', async () => {
    using folder = new TemporaryFolder();
    for (let index = 0; index < 20; index++) {
      const gone = new Fixture({ spoolFolder: folder.path });
      await gone.queue.add(request(`${index}`));
      gone.queue.close();
    }
    const fixture = new Fixture({ spoolFolder: folder.path });
    await fixture.queue.add(request('own'));
    await fixture.takeAll();
    expect(fixture.texts().sort()).toEqual([...Array.from({ length: 20 }, (_, index) => `${index}`), 'own'].sort());
    expect(fixture.texts()[0]).not.toBe('own');
    fixture.queue.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("goes on where the host's logger throws", async () => {
    class Throwing extends CapturedLog {
      override warn(): void {
        throw new Error('no');
      }
    }
    const fixture = new Fixture({ log: new Throwing() });
    await fixture.queue.add(request('1'));
    await fixture.untilSent(1);
    fixture.decide({ kind: 'unavailable', reason: 'busy' });
    await fixture.queue.add(request('2'));
    await fixture.queue.flush(5).catch(() => {});
    await fixture.queue.add(request('3'));
    await fixture.takeAll();
    expect(new Set(fixture.texts())).toEqual(new Set(['1', '2', '3']));
  });

  it('gives up a flush whose attempts end in an error, instead of trying for ever', async () => {
    const fixture = new Fixture({ send: () => Promise.reject(new Error('no')) });
    await fixture.queue.add(request('1'));
    await fixture.queue.flush(60_000);
    expect(fixture.queue.length).toBe(1);
  });

  it('leaves what is no gzip file to the receiver to refuse', async () => {
    const fixture = new Fixture({ maxBytes: { sent: 100, plain: 100 } });
    await fixture.queue.add({ ...request(''), encoding: 'gzip', body: Buffer.from('no') });
    await fixture.untilSent(1);
    fixture.decide({ kind: 'refused', reason: 'it answers 400' });
    await fixture.queue.flush(1_000);
    expect(fixture.status.all().logs.droppedPoints).toEqual({ refused: 1 });
  });
});
