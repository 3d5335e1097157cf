import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SIGNALS } from '../../src/delivery/request.ts';
import { DeliveryFixture, numbersOf, range } from '../support/delivery.ts';
import { accept, answer, answerEarly, FaultyServer } from '../support/faulty-server.ts';

const urlOf = ({ port }: FaultyServer) => `http://127.0.0.1:${port}`;

const forms = SIGNALS.flatMap((signal) =>
  (['http/protobuf', 'http/json'] as const).flatMap((protocol) =>
    (['gzip', undefined] as const).map((compression) => [signal, protocol, compression ?? 'identity'] as const),
  ),
);

/** Takes no more than so many points in a request. */
const atMost = (points: number) => (request: Parameters<typeof numbersOf>[0]) =>
  numbersOf(request).length > points ? answer(413) : accept;

describe('413', () => {
  it.each(forms)('%s in %s, %s: halved until it fits, each point once and in order', async (signal, protocol, form) => {
    await using server = await FaultyServer.start({ otherwise: atMost(3) });
    using delivery = new DeliveryFixture(urlOf(server), { protocol, compression: form === 'gzip' ? form : undefined });
    await delivery.export(signal, 2);
    await delivery.export(signal, 21);
    await delivery.export(signal, 1);
    await delivery.drained();
    const requests = server.taken(signal);
    expect(requests.flatMap(numbersOf)).toEqual(range(0, 24));
    expect(new Set(requests.map(({ encoding }) => encoding ?? 'identity'))).toEqual(new Set([form]));
    expect(delivery.status.all()[signal]).toMatchObject({ exportedPoints: 24, droppedPoints: {}, failure: undefined });
    expect(delivery.log).toMatchObject({ warnings: [], infos: [] });
  });

  it.each(forms)('%s in %s, %s: a single point that is too large is dropped, alone', async (signal, protocol, form) => {
    await using server = await FaultyServer.start({
      otherwise: (request) => (numbersOf(request).includes(4) ? answer(413) : accept),
    });
    using delivery = new DeliveryFixture(urlOf(server), { protocol, compression: form === 'gzip' ? form : undefined });
    await delivery.export(signal, 7);
    await delivery.export(signal, 2);
    await delivery.drained();
    expect(server.taken(signal).flatMap(numbersOf)).toEqual(range(0, 9).filter((number) => number !== 4));
    expect(delivery.status.all()[signal]).toMatchObject({ exportedPoints: 8, droppedPoints: { refused: 1 } });
    expect(delivery.log.warnings).toEqual([expect.stringContaining('it answers 413')]);
    expect(delivery.log.infos).toEqual([expect.stringContaining('1 points were lost')]);
  });

  it('halves keep what is common to their points, and nothing else', async () => {
    await using server = await FaultyServer.start({ otherwise: atMost(1) });
    using delivery = new DeliveryFixture(urlOf(server), { protocol: 'http/json' });
    await delivery.export('metrics', 3);
    await delivery.drained();
    const [whole] = server.arrivals;
    const parts = server.taken('metrics').map(({ body }) => JSON.parse(body.toString()));
    expect(parts).toHaveLength(3);
    const points = parts.flatMap(
      ({ resourceMetrics }) => resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints,
    );
    for (const part of parts) part.resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints = points;
    expect(parts).toEqual(range(0, 3).map(() => JSON.parse(String(whole?.body))));
  });

  it('a body that cannot be read cannot be halved: refused', async () => {
    await using server = await FaultyServer.start({ script: [answerEarly(413), answerEarly(413), answerEarly(413)] });
    using delivery = new DeliveryFixture(urlOf(server), { compression: undefined });
    const common = { signal: 'logs', encoding: 'identity', points: 5, createdMillis: Date.now() } as const;
    const body = Buffer.from('{"resourceLogs":[');
    await delivery.queue.add({ ...common, contentType: 'application/json', body });
    await delivery.queue.add({ ...common, contentType: 'application/x-protobuf', body });
    await delivery.queue.add({ ...common, contentType: 'application/json', encoding: 'gzip', body });
    await delivery.export('logs', 1);
    await delivery.drained();
    expect(server.taken('logs').flatMap(numbersOf)).toEqual([0]);
    expect(delivery.status.all().logs).toMatchObject({ exportedPoints: 1, droppedPoints: { refused: 15 } });
  });
});

describe('an answer before the request has been read', () => {
  it.each([413, 400])('%d', async (status) => {
    await using server = await FaultyServer.start({ script: [answerEarly(status)] });
    using delivery = new DeliveryFixture(urlOf(server), { compression: undefined });
    // More than the buffers of a connection hold.
    await delivery.export('logs', 120_000);
    await delivery.export('logs', 2);
    await delivery.drained();
    const numbers = server.taken('logs').flatMap(numbersOf);
    if (status === 413) {
      expect(numbers).toEqual(range(0, 120_002));
      expect(delivery.log.warnings).toEqual([]);
    } else {
      expect(numbers).toEqual([120_000, 120_001]);
      expect(delivery.status.all().logs.droppedPoints).toEqual({ refused: 120_000 });
      expect(delivery.log.warnings).toEqual([expect.stringContaining('it answers 400')]);
    }
    // Nobody holds on to a connection over which half a request went.
    expect(server.connections).toBe(2);
  });

  it('and then silence: the connection is given up, and not used again', async () => {
    const early = answerEarly(400, { closes: false });
    const connected = Promise.withResolvers<Socket>();
    const run = (socket: Socket) => {
      early.run(socket);
      connected.resolve(socket);
    };
    await using server = await FaultyServer.start({ script: [{ ...early, run }] });
    using delivery = new DeliveryFixture(urlOf(server), { compression: undefined });
    const body = Buffer.alloc(32 * 2 ** 20);
    const common = {
      contentType: 'application/x-protobuf',
      encoding: 'identity',
      points: 1,
      createdMillis: 0,
    } as const;
    await delivery.queue.add({ ...common, signal: 'logs', body });
    await delivery.export('logs', 2);
    await delivery.drained();
    expect(server.taken('logs').flatMap(numbersOf)).toEqual([0, 1]);
    expect(server.connections).toBe(2);
    // Who reads on after all finds the end of it.
    const socket = await connected.promise;
    const isClosed = once(socket, 'close', { signal: AbortSignal.timeout(10_000) });
    socket.resume();
    await isClosed;
  });
});
