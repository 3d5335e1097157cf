import { once } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignalMetrics } from '../../src/index.ts';
import { get, open, raw, startEndpoint } from '../support/prometheus-endpoint.ts';

describe('the Prometheus endpoint', () => {
  it('refuses what is no scrape in words, a thousand times over, and goes on', async () => {
    await using endpoint = await startEndpoint();
    const { port } = endpoint;
    new SignalMetrics({ meterProvider: endpoint.provider }).gauge('custom.alive', 1);
    const path = fc.oneof(
      fc.constantFrom(
        '/',
        '/metrics/',
        '/metrics/..',
        '/../../etc/passwd',
        '/metrics/%2e%2e/%2e%2e/etc/passwd',
        '//metrics',
        '/%00',
        '/METRICS',
        '/metrics;a',
        '*',
      ),
      fc.webPath().filter((found) => found.startsWith('/') && found !== '/metrics'),
    );
    const method = fc.constantFrom('POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND');
    await fc.assert(
      fc.asyncProperty(path, fc.option(method), async (wrongPath, wrongMethod) => {
        const answer = await get(port, { path: wrongPath, method: wrongMethod ?? 'GET' });
        expect([answer.status, answer.body]).toEqual(
          wrongMethod === null ? [404, 'Metrics are at /metrics\n'] : [405, 'Only GET is answered here\n'],
        );
      }),
      { numRuns: 400, seed: 53 },
    );
    expect((await get(port, { method: 'POST' })).status).toBe(405);
    expect((await get(port, { method: 'HEAD' })).status).toBe(200);
    const host = 'Host: localhost\r\n';
    const broken: readonly [RegExp, string][] = [
      [/^HTTP\/1.1 400 /, '\r\n\r\n\u0000\u0001\u0002'],
      // HTTP 0.9, which has no name of a host.
      [/^HTTP\/1.1 200 /, 'GET /metrics\r\n\r\n'],
      [/^HTTP\/1.1 400 /, 'GET /metrics HTTP/1.1\r\n\r\n'],
      [/^HTTP\/1.1 400 /, `GET /metrics HTTP/1.1\r\n${host}bad header\r\n\r\n`],
      [/^HTTP\/1.1 400 /, `GET /metrics HTTP/1.1\r\n${host}Content-Length: x\r\n\r\n`],
      // Who is still sending when the answer comes may not get it.
      [/^$|^HTTP\/1.1 431 /, `GET /metrics HTTP/1.1\r\n${host}A: ${'x'.repeat(100_000)}\r\n\r\n`],
      [/^$|^HTTP\/1.1 431 /, `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n${host}\r\n`],
      [/^HTTP\/1.1 404 /, `GET http://evil.example/metrics HTTP/1.1\r\n${host}\r\n`],
      [/^$|^HTTP\/1.1 405 /, `POST /metrics HTTP/1.1\r\n${host}Content-Length: 1000000000\r\n\r\nx`],
      [/^$|^HTTP\/1.1 400 /, '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
      [/^$|^HTTP\/1.1 400 /, 'GET /metr'],
      [/^$/, ''],
    ];
    for (let round = 0; round < 40; round++) {
      for (const [expected, bytes] of broken) expect(await raw(port, bytes)).toMatch(expected);
    }
    const noise = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        expect(await raw(port, bytes)).toMatch(/^$|^HTTP\/1.1 4\d\d /);
      }),
      { numRuns: 150, seed: 54 },
    );
    expect((await endpoint.scrape()).get('signal_custom_alive')?.samples).toHaveLength(1);
  });

  it('answers beside many connections that are held open, and takes no more than it has room for', async () => {
    await using endpoint = await startEndpoint();
    const held: { socket: Socket; answer: Promise<string> }[] = [];
    for (let count = 0; count < 300; count++) {
      const connection = open(endpoint.port);
      await once(connection.socket, 'connect');
      // Nothing at all, or headers that never end.
      if (count % 2 === 0) connection.socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\nA: ');
      held.push(connection);
    }
    expect((await endpoint.scrape()).has('target_info')).toBe(true);
    const gaveWay = await Promise.all(held.slice(0, 200).map(({ answer }) => answer));
    expect(gaveWay).toEqual(Array(200).fill(''));
    for (const { socket } of held) socket.destroy();
  });

  it('gives up on a request that takes too long to come in', async () => {
    await using endpoint = await startEndpoint({ requestTimeoutMillis: 50 });
    const { socket, answer } = open(endpoint.port);
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\nA: ');
    expect(await answer).toMatch(/^HTTP\/1.1 408 /);
    expect((await endpoint.scrape()).has('target_info')).toBe(true);
  });

  it.each([
    'localhost',
    'LOCALHOST:9464',
    'localhost.',
    'trainer.localhost',
    '127.0.0.1',
    '127.0.0.1:9464',
    '[::1]:9464',
    '[::1]',
    '10.0.0.7:9464',
    'host.docker.internal:9464',
    'host.containers.internal',
  ])('answers on loopback where it is called %s', async (host) => {
    await using endpoint = await startEndpoint();
    expect((await get(endpoint.port, { headers: { host } })).status).toBe(200);
  });

  it.each([
    'evil.example',
    'evil.example:9464',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evillocalhost',
    'evilinternal',
    'localhost@evil.example',
    '[::1].evil.example',
    '0x7f000001',
    ':9464',
  ])('does not answer on loopback where it is called %s, as a page on the web could', async (host) => {
    await using endpoint = await startEndpoint();
    const { status, body } = await get(endpoint.port, { headers: { host } });
    expect(status).toBe(421);
    expect(body).toMatch(/OTEL_EXPORTER_PROMETHEUS_HOST/);
    expect(body).not.toContain('target_info');
  });

  it('answers to any name where it listens for others, too', async () => {
    await using endpoint = await startEndpoint({ host: '0.0.0.0' });
    expect((await get(endpoint.port, { headers: { host: 'trainer.example' } })).status).toBe(200);
  });

  it('says in words that the metrics could not be read', async () => {
    const metricProducers = [{ collect: () => Promise.reject(new Error('https://user:password@host')) }];
    await using endpoint = await startEndpoint({ metricProducers });
    expect(await get(endpoint.port)).toEqual({ status: 500, body: 'The metrics could not be read\n' });
  });
});
