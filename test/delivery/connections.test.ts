import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeliveryFixture, numbersOf, range } from '../support/delivery.ts';
import {
  accept,
  answer,
  type Behaviour,
  drip,
  FaultyServer,
  flood,
  hang,
  raw,
  reset,
} from '../support/faulty-server.ts';
import { freePort } from '../support/ports.ts';
import { selfSigned } from '../support/tls.ts';

const urlOf = ({ port }: FaultyServer) => `http://127.0.0.1:${port}`;

const arrived = (server: FaultyServer, signal = 'metrics') => server.taken(signal).flatMap(numbersOf);

/** More than the buffers of a connection hold. */
const LARGE = 'x'.repeat(8 * 2 ** 20);

it('has no time-out that Node could take for none', async () => {
  const warnings: string[] = [];
  const collect = ({ name }: Error) => warnings.push(name);
  process.on('warning', collect);
  await using server = await FaultyServer.start();
  using delivery = new DeliveryFixture(urlOf(server), { env: { OTEL_EXPORTER_OTLP_TIMEOUT: '9999999999' } });
  await delivery.export('metrics', 2);
  await delivery.drained();
  // Node tells of a timer in the turn after.
  await new Promise(setImmediate);
  process.off('warning', collect);
  expect(warnings).toEqual([]);
  expect(delivery.log.warnings).toEqual([]);
  expect(arrived(server)).toEqual(range(0, 2));
});

describe('connections that fail', () => {
  it('refused: kept until somebody listens', async () => {
    const port = await freePort();
    using delivery = new DeliveryFixture(`http://127.0.0.1:${port}`);
    for (let request = 0; request < 3; request++) await delivery.export('metrics', 2);
    await expect.poll(() => delivery.log.warnings).toHaveLength(1);
    await using server = await FaultyServer.start({ port });
    await delivery.drained();
    expect(arrived(server)).toEqual(range(0, 6));
    expect(delivery.status.all().metrics).toMatchObject({ exportedPoints: 6, droppedPoints: {} });
    expect(delivery.log.warnings).toEqual([
      expect.stringContaining(`cannot deliver metrics to http://127.0.0.1:${port}/v1/metrics: ECONNREFUSED. `),
    ]);
  });

  it.each<[string, RegExp, ...Behaviour[]]>([
    ['accepted, then silence', /no answer in time/, hang('connection')],
    ['the head of a request, then silence', /no answer in time/, hang('head')],
    ['a request, then silence', /no answer in time/, hang('request')],
    ['reset at once', /ECONNRESET/, reset('connection')],
    ['reset in the middle of the body', /ECONNRESET|EPIPE/, reset('head'), reset('head')],
    ['reset after the body', /ECONNRESET/, reset('request')],
    ['closed without an answer', /ECONNRESET/, raw('')],
    ['an answer that is none of HTTP', /does not speak HTTP \(HPE_/, raw('+OK Dovecot ready\r\n')],
    ['a greeting before the request', /does not speak HTTP \(HPE_|ECONNRESET/, raw('SSH-2.0-x\r\n', 'connection')],
    ['HTTP/2', /does not speak HTTP \(HPE_|ECONNRESET/, raw(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0), 'connection')],
    ['half a head', /ECONNRESET|HPE_/, raw('HTTP/1.1 200 OK\r\nContent-')],
    ['an endless head', /no answer in time/, drip('HTTP/1.1 200 OK\r\nA: ')],
    ['a head of a megabyte', /does not speak HTTP \(HPE_HEADER_OVERFLOW/, raw(`HTTP/1.1 200 OK\r\nA: ${LARGE}`)],
    [
      'a refusal that does not end is no refusal for ever',
      /it answers 503/,
      drip('HTTP/1.1 503 \r\nContent-Length: 999999\r\n\r\n'),
    ],
  ])('%s: kept, sent again, told once', async (_, reason, ...script) => {
    await using server = await FaultyServer.start({ script });
    using delivery = new DeliveryFixture(urlOf(server), {
      env: { OTEL_EXPORTER_OTLP_TIMEOUT: '300' },
      compression: undefined,
    });
    await delivery.export('metrics', 2);
    await delivery.export('metrics', 3);
    await delivery.drained();
    expect(arrived(server)).toEqual(range(0, 5));
    expect(delivery.status.all().metrics).toMatchObject({ exportedPoints: 5, droppedPoints: {}, failure: undefined });
    expect(delivery.log.warnings).toEqual([expect.stringMatching(reason)]);
    expect(delivery.log.warnings[0]).toMatch(/It is kept and sent later/);
    expect(delivery.log.infos).toEqual([expect.stringContaining('nothing was lost')]);
  });

  it.each<[string, Behaviour]>([
    ['a body that does not end', drip('HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n', true)],
    ['a body that is cut short', raw('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc', 'request', true)],
    ['a body in broken chunks', raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'request', true)],
    ['no length', raw('HTTP/1.1 200 OK\r\n\r\n', 'request', true)],
    [
      '100 Continue before it',
      raw(
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
        'request',
        true,
      ),
    ],
  ])('a status line of success counts, with %s', async (_, behaviour) => {
    await using server = await FaultyServer.start({ script: [behaviour] });
    using delivery = new DeliveryFixture(urlOf(server), { env: { OTEL_EXPORTER_OTLP_TIMEOUT: '300' } });
    await delivery.export('metrics', 2);
    await delivery.export('metrics', 3);
    await delivery.drained();
    expect(arrived(server)).toEqual(range(0, 5));
    expect(delivery.status.all().metrics).toMatchObject({ exportedPoints: 5, droppedPoints: {} });
    expect(delivery.log).toMatchObject({ warnings: [], infos: [] });
  });

  it('an answer of 100 MB is not read to its end', async () => {
    await using server = await FaultyServer.start({ script: [flood(200, 100 * 2 ** 20)] });
    using delivery = new DeliveryFixture(urlOf(server));
    const before = process.memoryUsage.rss();
    await delivery.export('metrics', 2);
    await delivery.export('metrics', 3);
    await delivery.drained();
    expect(process.memoryUsage.rss() - before).toBeLessThan(60 * 2 ** 20);
    expect(arrived(server)).toEqual(range(0, 5));
    expect(delivery.log.warnings).toEqual([expect.stringContaining('not as an OTLP receiver does')]);
  });

  it('connections that the receiver closes between exports, or as they are used again, cause no word', async () => {
    await using server = await FaultyServer.start();
    using delivery = new DeliveryFixture(urlOf(server));
    await delivery.export('metrics', 1);
    await delivery.drained();
    server.closeConnections();
    await delivery.export('metrics', 1);
    await delivery.drained();
    server.willDo(reset('head'));
    await delivery.export('metrics', 1);
    await delivery.drained();
    expect(arrived(server)).toEqual(range(0, 3));
    expect(server.connections).toBe(3);
    expect(delivery.log).toMatchObject({ warnings: [], infos: [] });
  });

  it('an answer that comes while training keeps the event loop busy is not missed', async () => {
    await using server = await FaultyServer.start();
    using delivery = new DeliveryFixture(urlOf(server), { env: { OTEL_EXPORTER_OTLP_TIMEOUT: '200' } });
    // The server is in this process, and shares its loop: the answer is written, and then the loop is busy.
    const busy = { at: 'request', takes: true, run: answerThenBlock } as const;
    server.willDo(busy);
    await delivery.export('metrics', 2);
    await delivery.drained();
    expect(arrived(server)).toEqual(range(0, 2));
    expect(delivery.log.warnings).toEqual([]);
  });
});

function answerThenBlock(...[socket]: Parameters<Behaviour['run']>): void {
  accept.run(socket);
  for (const end = performance.now() + 400; performance.now() < end; );
}

describe('TLS', () => {
  it('a certificate that nobody vouches for: told, kept, and nothing is sent', async () => {
    await using server = await FaultyServer.start({ tls: selfSigned });
    using delivery = new DeliveryFixture(`https://localhost:${server.port}`, {
      env: { OTEL_EXPORTER_OTLP_HEADERS: 'dd-api-key=secret-of-mine' },
    });
    await delivery.export('metrics', 2);
    await server.until(({ connections }) => connections >= 0);
    await expect.poll(() => delivery.log.warnings).toHaveLength(1);
    expect(delivery.log.warnings[0]).toMatch(/DEPTH_ZERO_SELF_SIGNED_CERT.*kept/);
    expect(delivery.queue.length).toBe(1);
    expect(server.heads).toBe(0);
    expect(JSON.stringify(delivery.log)).not.toContain('secret');
  });

  it('OTEL_EXPORTER_OTLP_CERTIFICATE vouches for it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signal-otel-tls-'));
    try {
      const certificate = join(folder, 'ca.pem');
      writeFileSync(certificate, selfSigned.cert);
      await using server = await FaultyServer.start({ tls: selfSigned });
      using delivery = new DeliveryFixture(`https://localhost:${server.port}`, {
        env: { OTEL_EXPORTER_OTLP_CERTIFICATE: certificate },
      });
      await delivery.export('metrics', 2);
      await delivery.export('metrics', 2);
      await delivery.drained();
      expect(arrived(server)).toEqual(range(0, 4));
      expect(server.connections).toBe(1);
      expect(delivery.log.warnings).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a plain server where TLS is expected, and TLS where it is not', async () => {
    await using plain = await FaultyServer.start();
    using one = new DeliveryFixture(`https://127.0.0.1:${plain.port}`, { env: { OTEL_EXPORTER_OTLP_TIMEOUT: '500' } });
    await one.export('metrics', 2);
    await expect.poll(() => one.log.warnings).toHaveLength(1);
    await using tls = await FaultyServer.start({ tls: selfSigned });
    using other = new DeliveryFixture(urlOf(tls));
    await other.export('metrics', 2);
    await expect.poll(() => other.log.warnings).toHaveLength(1);
    expect([one.queue.length, other.queue.length]).toEqual([1, 1]);
    expect([plain.arrivals, tls.arrivals]).toEqual([[], []]);
  });
});

describe('addresses', () => {
  it('IPv6, a path, a query, and headers with percent encoding', async () => {
    await using server = await FaultyServer.start({ host: '::1' });
    using delivery = new DeliveryFixture(`http://[::1]:${server.port}`, {
      env: {
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://[::1]:${server.port}/v1/metrics/of/mine?key=secret`,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-name=K%C3%B6ln%2C%20am%20Rhein',
        OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-token=a%3Db',
      },
    });
    await delivery.export('metrics', 1);
    await delivery.drained();
    const [arrival] = server.arrivals;
    expect(arrival?.path).toBe('/v1/metrics/of/mine?key=secret');
    expect(arrival?.headers.get('x-token')).toBe('a=b');
    expect(arrival?.headers.get('user-agent')).toContain('signal-otel/test');
    server.willDo(answer(401));
    await delivery.export('metrics', 1);
    await delivery.drained();
    expect(delivery.log.warnings).toEqual([
      expect.stringContaining(`http://[::1]:${server.port}/v1/metrics/of/mine: `),
    ]);
    expect(JSON.stringify(delivery.log)).not.toContain('secret');
  });

  it('a name without an address: kept', async () => {
    using delivery = new DeliveryFixture('http://nowhere.invalid:4318');
    await delivery.export('metrics', 1);
    await expect.poll(() => delivery.log.warnings, { timeout: 10_000 }).toHaveLength(1);
    expect(delivery.log.warnings[0]).toMatch(/ENOTFOUND|EAI_AGAIN|no answer|ETIMEDOUT/);
    expect(delivery.queue.length).toBe(1);
  });
});

describe('flushes', () => {
  it('many at once, of which none outlasts its time, and nothing is sent twice', async () => {
    let isSlow = true;
    await using server = await FaultyServer.start({
      otherwise: () => ({
        at: 'request',
        takes: true,
        run: (socket) => void setTimeout(() => accept.run(socket), isSlow ? 150 : 0),
      }),
    });
    using delivery = new DeliveryFixture(urlOf(server));
    for (let request = 0; request < 12; request++) await delivery.export('metrics', 1);
    const flushes = [50, 1, 200, 120, 10, 300].map((millis) => delivery.queue.flush(millis));
    await Promise.all(flushes);
    expect(delivery.queue.length).toBeGreaterThan(0);
    isSlow = false;
    await Promise.all([delivery.queue.flush(20_000), delivery.queue.flush(20_000)]);
    expect(delivery.queue.length).toBe(0);
    expect(arrived(server)).toEqual(range(0, 12));
    expect(delivery.status.all().metrics).toMatchObject({ exportedPoints: 12, droppedPoints: {} });
  });

  it('one of a receiver that is silent ends in time, and says so', async () => {
    await using server = await FaultyServer.start({ otherwise: () => hang('request') });
    using delivery = new DeliveryFixture(urlOf(server));
    await delivery.export('metrics', 1);
    await delivery.queue.flush(200);
    expect(delivery.log.warnings).toEqual([expect.stringContaining('no answer in time')]);
    expect(delivery.queue.length).toBe(1);
  });

  it('an end while a request is under way counts it once, whatever becomes of it', async () => {
    const isAnswered = Promise.withResolvers<void>();
    await using server = await FaultyServer.start({
      otherwise: () => ({
        at: 'request',
        takes: true,
        run: (socket) => void isAnswered.promise.then(() => accept.run(socket)),
      }),
    });
    using delivery = new DeliveryFixture(urlOf(server));
    await delivery.export('metrics', 3);
    await server.until(({ arrivals }) => arrivals.length === 1);
    delivery.queue.close();
    isAnswered.resolve();
    await delivery.queue.flush(2_000);
    expect(delivery.status.all().metrics).toMatchObject({ exportedPoints: 0, droppedPoints: { not_sent: 3 } });
    expect(delivery.log.warnings).toEqual([expect.stringContaining('3 data points are lost')]);
  });
});
