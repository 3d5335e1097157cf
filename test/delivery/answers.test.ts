import { describe, expect, it } from 'vitest';
import { DeliveryFixture, numbersOf, range } from '../support/delivery.ts';
import { type AnswerOptions, answer, FaultyServer, hang } from '../support/faulty-server.ts';

const urlOf = ({ port }: FaultyServer) => `http://127.0.0.1:${port}`;

const arrived = (server: FaultyServer, signal: string) => server.taken(signal).flatMap(numbersOf);

describe('answers that pass', () => {
  it.each([500, 501, 502, 503, 504, 408, 429, 520])('%d: kept, sent again, in order, told once', async (status) => {
    await using server = await FaultyServer.start({ script: [answer(status), answer(status), answer(status)] });
    using delivery = new DeliveryFixture(urlOf(server));
    for (let request = 0; request < 4; request++) await delivery.export('logs', 3);
    await delivery.drained();
    expect(arrived(server, 'logs')).toEqual(range(0, 12));
    expect(server.arrivals).toHaveLength(7);
    expect(delivery.status.all().logs).toMatchObject({ exportedPoints: 12, droppedPoints: {}, failure: undefined });
    expect(delivery.log.warnings).toEqual([
      expect.stringMatching(`cannot deliver logs to ${urlOf(server)}/v1/logs: it answers ${status}\\. .*kept`),
    ]);
    expect(delivery.log.infos).toEqual([expect.stringContaining('nothing was lost')]);
  });

  it.each([
    ['seconds', () => '2', 2_000],
    // A date has whole seconds: two full ones lie between, at least.
    ['a date', () => new Date(Date.now() + 3_000).toUTCString(), 2_000],
  ])('Retry-After in %s is waited for, also by a flush', async (_, header, millis) => {
    await using server = await FaultyServer.start();
    server.willDo({
      at: 'request',
      run: (socket) => answer(429, { headers: { 'Retry-After': header() } }).run(socket),
    });
    using delivery = new DeliveryFixture(urlOf(server));
    await delivery.export('metrics', 2);
    await expect.poll(() => delivery.log.warnings).toHaveLength(1);
    // A flush that does not outlast the pause gives up at once.
    await delivery.queue.flush(1_000);
    expect(server.arrivals).toHaveLength(1);
    await delivery.export('metrics', 2);
    await delivery.drained();
    expect(arrived(server, 'metrics')).toEqual(range(0, 4));
    const [first, second] = server.arrivals;
    expect(Number(second?.millis) - Number(first?.millis)).toBeGreaterThanOrEqual(millis);
  });

  it('what an attempt has told stays, where the next one is still on its way at the deadline', async () => {
    await using server = await FaultyServer.start({ script: [answer(503)], otherwise: () => hang('request') });
    using delivery = new DeliveryFixture(urlOf(server), { maxBackoffMillis: 100 });
    await delivery.export('metrics', 2);
    await delivery.queue.flush(1_000);
    expect(server.arrivals).toHaveLength(2);
    expect(delivery.status.all().metrics.failure).toBe('it answers 503');
  });

  it.each(['0', 'Mon, 01 Jan 2024 00:00:00 GMT', 'soon', '-5', ''])(
    'Retry-After: %s asks for no pause, and there is one all the same',
    async (header) => {
      const busy = answer(503, { headers: { 'Retry-After': header } });
      await using server = await FaultyServer.start({ script: Array.from({ length: 6 }, () => busy) });
      using delivery = new DeliveryFixture(urlOf(server), { maxBackoffMillis: 100 });
      await delivery.export('metrics', 2);
      await delivery.drained();
      expect(arrived(server, 'metrics')).toEqual(range(0, 2));
      const [first, last] = [server.arrivals[0], server.arrivals[6]];
      // Each pause is at least half of the longest.
      expect(Number(last?.millis) - Number(first?.millis)).toBeGreaterThanOrEqual(6 * 50);
    },
  );
});

describe('answers that refuse for ever', () => {
  it.each([400, 401, 403, 404, 405, 301, 307])('%d: dropped, counted, told once; the next goes on', async (status) => {
    const headers = { Location: 'http://127.0.0.1:1/elsewhere' };
    await using server = await FaultyServer.start({
      script: [answer(status, { headers }), answer(status, { headers })],
    });
    using delivery = new DeliveryFixture(urlOf(server).replace('//', '//user:secret-of-mine@'), {
      env: { OTEL_EXPORTER_OTLP_HEADERS: 'dd-api-key=secret-of-mine' },
    });
    for (let request = 0; request < 4; request++) await delivery.export('traces', 3);
    await delivery.drained();
    expect(arrived(server, 'traces')).toEqual(range(6, 12));
    expect(server.arrivals).toHaveLength(4);
    expect(server.arrivals[0]?.headers.get('dd-api-key')).toBe('secret-of-mine');
    expect(delivery.status.all().traces).toMatchObject({
      exportedPoints: 6,
      droppedPoints: { refused: 6 },
      failure: undefined,
    });
    expect(delivery.log.warnings).toEqual([
      expect.stringMatching(`cannot deliver traces to ${urlOf(server)}/v1/traces: it answers ${status}\\. .*lost`),
    ]);
    expect(delivery.log.infos).toEqual([expect.stringContaining('6 points were lost')]);
    expect(JSON.stringify(delivery.log)).not.toContain('secret-of-mine');
  });

  it('a request that the receiver always fails at gives way once others are taken, and is counted', async () => {
    await using server = await FaultyServer.start({
      otherwise: (request) => answer(numbersOf(request).includes(0) ? 500 : 200),
    });
    using delivery = new DeliveryFixture(urlOf(server));
    for (let request = 0; request < 5; request++) await delivery.export('logs', 2);
    await delivery.drained();
    expect(arrived(server, 'logs')).toEqual(range(2, 10));
    expect(delivery.status.all().logs).toMatchObject({ exportedPoints: 8, droppedPoints: { refused: 2 } });
    expect(delivery.log.warnings).toEqual([
      expect.stringContaining('it answers 500. Training goes on. It is kept'),
      expect.stringMatching(/^2 log records are lost: .*it answers 500 to them again and again, but takes others/),
    ]);
  });

  it('it gets one more attempt before: the receiver may have come back between the two', async () => {
    await using server = await FaultyServer.start({ script: Array.from({ length: 5 }, () => answer(500)) });
    using delivery = new DeliveryFixture(urlOf(server));
    await delivery.export('logs', 2);
    await delivery.export('logs', 2);
    await delivery.drained();
    expect(arrived(server, 'logs')).toEqual([2, 3, 0, 1]);
    expect(delivery.status.all().logs).toMatchObject({ exportedPoints: 4, droppedPoints: {} });
  });

  it('one that it always fails at is kept where there is no other, and where all fail', async () => {
    let status = 500;
    await using server = await FaultyServer.start({ otherwise: () => answer(status) });
    using delivery = new DeliveryFixture(urlOf(server));
    await delivery.export('logs', 2);
    await server.until(({ arrivals }) => arrivals.length >= 10);
    await delivery.export('logs', 2);
    await server.until(({ arrivals }) => arrivals.length >= 30);
    status = 200;
    await delivery.drained();
    // Whether the receiver comes back between the first and the second decides their order.
    expect(arrived(server, 'logs').sort()).toEqual(range(0, 4));
    expect(delivery.status.all().logs).toMatchObject({ exportedPoints: 4, droppedPoints: {} });
  });
});

describe('answers of success', () => {
  const partial = (rejected: number): AnswerOptions => ({
    headers: { 'Content-Type': 'application/x-protobuf' },
    body: Uint8Array.of(0x0a, 0x02, 0x08, rejected),
  });
  const json = (body: string): AnswerOptions => ({ headers: { 'Content-Type': 'application/json' }, body });

  it.each([
    ['metrics', partial(2)],
    ['traces', partial(2)],
    ['logs', partial(2)],
    ['metrics', json('{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"no"}}')],
    ['traces', json('{"partialSuccess":{"rejectedSpans":2}}')],
    ['logs', json('{"partialSuccess":{"rejectedLogRecords":"2"}}')],
  ] as const)('%s taken in part: the rejected are counted, and not sent again', async (signal, options) => {
    await using server = await FaultyServer.start({ script: [answer(200, options)] });
    using delivery = new DeliveryFixture(urlOf(server));
    await delivery.export(signal, 5);
    await delivery.export(signal, 5);
    await delivery.drained();
    expect(arrived(server, signal)).toEqual(range(0, 10));
    expect(delivery.status.all()[signal]).toMatchObject({ exportedPoints: 8, droppedPoints: { rejected: 2 } });
    expect(delivery.log.warnings).toEqual([expect.stringMatching(/^2 .* are lost: .*took the rest/)]);
  });

  it.each([
    ['nothing', {}],
    ['an empty message', json('{}')],
    ['nothing rejected', json('{"partialSuccess":{}}')],
    ['JSON that is not called so', { body: '{"partialSuccess":null}' }],
  ])('%s: taken, without a word', async (_, options) => {
    await using server = await FaultyServer.start({ script: [answer(200, options), answer(202, options)] });
    using delivery = new DeliveryFixture(urlOf(server));
    await delivery.export('metrics', 1);
    await delivery.export('metrics', 1);
    await delivery.drained();
    expect(arrived(server, 'metrics')).toEqual(range(0, 2));
    expect(delivery.status.all().metrics).toMatchObject({ exportedPoints: 2, droppedPoints: {} });
    expect(delivery.log).toMatchObject({ warnings: [], infos: [] });
  });

  it('a web page says that nobody has taken the data: it is kept', async () => {
    const page = answer(200, { headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: '<html>Sign in' });
    await using server = await FaultyServer.start({ script: [{ ...page, takes: false }] });
    using delivery = new DeliveryFixture(urlOf(server));
    await delivery.export('metrics', 2);
    await delivery.drained();
    expect(arrived(server, 'metrics')).toEqual(range(0, 2));
    expect(delivery.log.warnings).toEqual([expect.stringMatching(/answers 200 with a web page.*kept/)]);
  });

  it.each([
    ['text', { body: 'ok' }],
    ['half a JSON', json('{"partialSucc')],
    ['a list', json('"yes"')],
    ['bytes', { headers: { 'Content-Type': 'application/x-protobuf' }, body: Uint8Array.of(255, 255, 255) }],
  ])('%s that is no OTLP is believed, with one warning', async (_, options) => {
    await using server = await FaultyServer.start({ otherwise: () => answer(200, options) });
    using delivery = new DeliveryFixture(urlOf(server));
    for (let request = 0; request < 3; request++) await delivery.export('logs', 1);
    await delivery.drained();
    expect(arrived(server, 'logs')).toEqual(range(0, 3));
    expect(delivery.status.all().logs).toMatchObject({ exportedPoints: 3, droppedPoints: {} });
    expect(delivery.log.warnings).toEqual([expect.stringMatching(/answers 200, but not as an OTLP receiver does/)]);
  });
});
