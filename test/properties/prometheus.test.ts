import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Attributes } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundMetricProducer } from '../../src/bound-meter/producer.ts';
import { BoundMeterProvider } from '../../src/bound-meter/provider.ts';
import { createPrometheusReader, type PrometheusOptions } from '../../src/delivery/prometheus.ts';
import { createMetricsCollector, SignalMetrics } from '../../src/index.ts';
import { type Family, parseExposition } from '../support/exposition.ts';
import { CapturedLog } from '../support/log.ts';
import { anything, mostly, texts } from './arbitraries.ts';

interface Endpoint extends AsyncDisposable {
  readonly port: number;
  readonly provider: BoundMeterProvider;
  readonly sdk: MeterProvider;
  scrape(): Promise<Map<string, Family>>;
}

async function start(options: Partial<PrometheusOptions> = {}, resource: Attributes = {}): Promise<Endpoint> {
  const provider = new BoundMeterProvider({
    readers: [
      {
        temporality: {
          counter: 'cumulative',
          upDownCounter: 'cumulative',
          gauge: 'cumulative',
          histogram: 'cumulative',
        },
        histograms: { type: 'default' },
        resolution: 'last',
      },
    ],
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<number>();
  const reader = createPrometheusReader({
    host: '127.0.0.1',
    port: 0,
    metricProducers: [new BoundMetricProducer(provider, 0)],
    log: { info: (message) => resolve(Number(/:(\d+)\//.exec(message)?.[1])), warn: reject },
    ...options,
  });
  const sdk = new MeterProvider({ readers: [reader], resource: resourceFromAttributes(resource) });
  const port = await listening;
  return {
    port,
    provider,
    sdk,
    scrape: async () => {
      const { status, body } = await get(port);
      expect(status).toBe(200);
      return parseExposition(body);
    },
    [Symbol.asyncDispose]: () => sdk.shutdown(),
  };
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

async function get(port: number, { path = '/metrics', method = 'GET', headers = {} } = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
  const [response] = await once(sent.end(), 'response');
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode, body };
}

/** A connection, what comes back over it, and its end, in whatever way. */
function open(port: number): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more;
  });
  const { promise: answer, resolve } = Promise.withResolvers<string>();
  socket.on('close', () => resolve(text));
  return { socket, answer };
}

/** Sends bytes as they are, and reads to the end. */
function raw(port: number, bytes: string): Promise<string> {
  const { socket, answer } = open(port);
  socket.end(bytes, 'latin1');
  return answer;
}

describe('the Prometheus page', () => {
  it('can be read whatever the names, tags and values are, with the labels as they were given', async () => {
    new CapturedLog().install();
    await using endpoint = await start({}, { 'service.name': 'a', service_name: 'b', '1x': '"\n\\', é: 'é' });
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    const collector = createMetricsCollector({ runId: 'run_1', meterProvider: endpoint.provider });
    const tags = fc.dictionary(texts, fc.oneof(texts, fc.double(), fc.boolean()), {
      maxKeys: 5,
      noNullPrototype: true,
    });
    const name = mostly(texts);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.nat({ max: 4 }),
            name,
            mostly(fc.double()),
            fc.oneof(
              tags.map((made) => () => made),
              anything,
            ),
          ),
          { minLength: 20, maxLength: 20 },
        ),
        async (calls) => {
          for (const [method, makeName, makeValue, makeTags] of calls) {
            const args = [makeName(), makeValue(), { tags: makeTags() }];
            const methods = [client.gauge, client.histogram, client.increment, client.decrement, client.set] as const;
            Reflect.apply(methods[method] ?? client.gauge, client, args);
          }
          collector.collectTrainingMetrics({ step: 1, loss: 0.25 });
          const families = await endpoint.scrape();
          const loss = families.get('signal_training_loss');
          expect(loss?.type).toBe('gauge');
          const own = loss?.samples.filter(({ labels }) => labels.get('run_id') === 'run_1' && labels.size === 3);
          expect(own?.map(({ value }) => value)).toEqual([0.25]);
          expect(families.get('target_info')?.samples).toHaveLength(1);
        },
      ),
      { numRuns: 100, seed: 51 },
    );
    const families = await endpoint.scrape();
    expect(families.size).toBeGreaterThan(50);
    for (const family of families.values()) {
      for (const { value } of family.samples) expect(Number.isFinite(value)).toBe(true);
    }
    expect(Object.fromEntries(families.get('target_info')?.samples[0]?.labels ?? [])).toMatchObject({
      service_name: 'a;b',
      _1x: '"\n\\',
    });
  });

  it('gives the value of a tag back as it was given, but for what cannot be shown', async () => {
    await using endpoint = await start();
    let series = 0;
    const printable = fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .filter((text) => !/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\p{Cs}]/u.test(text) && text === text.trim());
    const given = fc.sample(
      fc.oneof(printable, fc.constantFrom('"', '\\', '\\n', '\\\\"', '{}', 'a="b"', '#', '日本')),
      {
        numRuns: 300,
        seed: 52,
      },
    );
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    for (const text of given) client.gauge('custom.tagged', 1, { tags: { text, series: series++ } });
    const shown = (await endpoint.scrape())
      .get('signal_custom_tagged')
      ?.samples.map(({ labels }) => labels.get('text'));
    expect(shown).toEqual(given);
  });

  it('shows every metric of the catalogue, whatever else has a name like it', async () => {
    const log = new CapturedLog().install();
    await using endpoint = await start();
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    for (const like of ['training_loss', 'training-loss', 'Training.Loss', 'training.step_total', 'training__loss']) {
      client.histogram(like, 5);
      client.gauge(like, 5);
    }
    client.gauge('a.b', 1);
    client.gauge('a_b', 2);
    client.histogram('a__b', 3);
    createMetricsCollector({ runId: 'run_1', meterProvider: endpoint.provider }).collectTrainingMetrics({
      step: 1,
      loss: 2,
    });
    const families = await endpoint.scrape();
    expect(families.get('signal_training_loss')).toMatchObject({ type: 'gauge', samples: [{ value: 2 }] });
    expect(families.get('signal_training_step_total')).toMatchObject({ type: 'counter', samples: [{ value: 1 }] });
    expect(families.get('signal_a_b')).toMatchObject({ type: 'gauge', samples: [{ value: 1 }] });
    expect(log.warnings).toContainEqual(expect.stringContaining('is signal.training.loss to Prometheus'));
  });

  it('shows no series twice where two have the same labels for Prometheus', async () => {
    await using endpoint = await start();
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    for (const key of ['a.b', 'a_b', 'a-b']) {
      client.gauge('custom.twice', 1, { tags: { [key]: 'same' } });
      client.histogram('custom.twice_ms', 1, { tags: { [key]: 'same' } });
    }
    const families = await endpoint.scrape();
    expect(families.get('signal_custom_twice')?.samples).toHaveLength(1);
    expect(families.get('signal_custom_twice_ms')?.samples.filter(({ name }) => name.endsWith('_count'))).toHaveLength(
      1,
    );
  });

  it('keeps labels that the exporter makes itself apart from tags of their names', async () => {
    await using endpoint = await start();
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    const tags = { le: '5', 'otel.scope.name': 'mine', 'a.b': '1', a_b: '2', '9': 'nine' };
    client.histogram('custom.labelled_ms', 3, { tags });
    const [count] = (await endpoint.scrape()).get('signal_custom_labelled_ms')?.samples ?? [];
    expect(Object.fromEntries(count?.labels ?? [])).toMatchObject({
      exported_le: '5',
      exported_otel_scope_name: 'mine',
      otel_scope_name: 'signal',
      a_b: '1;2',
      _9: 'nine',
    });
  });
});

describe('the Prometheus endpoint', () => {
  it('refuses what is no scrape in words, a thousand times over, and goes on', async () => {
    await using endpoint = await start();
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
    await using endpoint = await start();
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
    await using endpoint = await start({ requestTimeoutMillis: 50 });
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
    await using endpoint = await start();
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
    await using endpoint = await start();
    const { status, body } = await get(endpoint.port, { headers: { host } });
    expect(status).toBe(421);
    expect(body).toMatch(/OTEL_EXPORTER_PROMETHEUS_HOST/);
    expect(body).not.toContain('target_info');
  });

  it('answers to any name where it listens for others, too', async () => {
    await using endpoint = await start({ host: '0.0.0.0' });
    expect((await get(endpoint.port, { headers: { host: 'trainer.example' } })).status).toBe(200);
  });

  it('says in words that the metrics could not be read', async () => {
    const metricProducers = [{ collect: () => Promise.reject(new Error('https://user:password@host')) }];
    await using endpoint = await start({ metricProducers });
    expect(await get(endpoint.port)).toEqual({ status: 500, body: 'The metrics could not be read\n' });
  });
});
