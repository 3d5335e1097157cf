import { once } from 'node:events';
import { get as request } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WireLayout, WireSnapshot } from '../../../src/live/protocol.ts';
import { RunStore } from '../../../src/live/run-store.ts';
import { startLiveServer } from '../../support/live-server.ts';
import { CapturedLog } from '../../support/log.ts';
import { get, raw } from '../../support/prometheus-endpoint.ts';

const run = { runId: 'run_a', model: undefined, healthRules: [], getHealth: () => [] };

function record(store: RunStore, step: number): void {
  store.kept(run, { timestampMillis: 1_000 + step, step, metrics: { 'signal.training.loss': 1 / step } });
}

/** What a stream says until there are so many messages. */
async function listen(
  url: string,
  count: number,
  lastId?: string,
): Promise<{ event: string; id: string; data: string }[]> {
  const sent = request(`${url}api/stream`, { headers: lastId === undefined ? {} : { 'last-event-id': lastId } });
  const [response] = await once(sent, 'response');
  expect(response.headers['content-type']).toMatch(/^text\/event-stream/);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk;
    if (text.split('\n\n').filter((message) => message.includes('data:')).length >= count) break;
  }
  sent.destroy();
  const field = (message: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(message)?.[1] ?? '';
  return text
    .split('\n\n')
    .filter((message) => message.includes('data:'))
    .map((message) => ({ event: field(message, 'event'), id: field(message, 'id'), data: field(message, 'data') }));
}

describe("the live page's server", () => {
  it('has the page, what it is made of, the layout and the runs', async () => {
    const store = new RunStore();
    using server = await startLiveServer(store);
    record(store, 1);
    const page = await fetch(server.url);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('access-control-allow-origin')).toBeNull();
    const html = await page.text();
    expect(html).toContain('<title>Signal: live runs</title>');
    expect(html).not.toMatch(/<script(?![^>]*src=)|style=|https?:\/\//);
    for (const path of ['page/style.css', 'uplot/uPlot.js', 'uplot/uPlot.css', 'page/icon.svg']) {
      expect((await fetch(`${server.url}${path}`)).status).toBe(200);
    }
    const layout: WireLayout = JSON.parse(await (await fetch(`${server.url}api/layout`)).text());
    expect(layout.groups[0]?.rows[0]?.map(({ metric }) => metric)).toEqual([
      'signal.training.loss',
      'signal.training.learning_rate',
    ]);
    const { runs }: WireSnapshot = JSON.parse(await (await fetch(`${server.url}api/runs`)).text());
    expect(runs[0]?.metrics['signal.training.loss']?.lines.value?.values).toEqual([1]);
  });

  it('refuses a thousand bad requests in few words, and goes on', { timeout: 120_000 }, async () => {
    using server = await startLiveServer(new RunStore());
    const { port } = server;
    const wrongPath = fc.oneof(
      fc.constantFrom(
        '/../../etc/passwd',
        '/page/../../../package.json',
        '/page/%2e%2e/server.ts',
        '/page/..%2fserver.ts',
        '/uplot/../../../package.json',
        '//etc/passwd',
        '/page/',
        '/page',
        '/PAGE/style.css',
        '/page/main.ts',
        '/server.js',
        '/constructor',
        '/__proto__',
        '/%00',
        '/api',
        '/api/runs/',
      ),
      fc.webPath().filter((path) => path.startsWith('/') && path.length > 1),
    );
    const wrongMethod = fc.constantFrom('POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND');
    const evil = fc.constantFrom(
      'evil.example',
      'evil.example:4320',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
    );
    const path = fc.constantFrom('/', '/api/runs', '/api/progress', '/api/stream', '/api/layout');
    const origin = fc.constantFrom(
      'https://evil.example',
      'null',
      'http://localhost:1',
      'http://127.0.0.1.evil.example',
    );
    const bad = fc.oneof(
      fc.record({ path: wrongPath, status: fc.constant(404) }),
      fc.record({ path, method: wrongMethod, status: fc.constant(405) }),
      fc.record({ path, headers: fc.record({ host: evil }), status: fc.constant(421) }),
      fc.record({ path, headers: fc.record({ origin }), status: fc.constant(403) }),
      fc.record({
        path,
        headers: fc.constant({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }),
        status: fc.constant(403),
      }),
    );
    await fc.assert(
      fc.asyncProperty(bad, async ({ status, ...sent }) => {
        const answer = await get(port, sent);
        expect(answer.status).toBe(status);
        expect(answer.body).toMatch(/^.{10,100}\n$/);
      }),
      { numRuns: 850, seed: 63 },
    );
    const host = 'Host: localhost\r\n';
    const broken: readonly [RegExp, string][] = [
      [/^HTTP\/1.1 400 /, '\r\n\r\n\u0000\u0001\u0002'],
      [/^HTTP\/1.1 400 /, 'GET / HTTP/1.1\r\n\r\n'],
      [/^$|^HTTP\/1.1 431 /, `GET / HTTP/1.1\r\n${host}A: ${'x'.repeat(100_000)}\r\n\r\n`],
      [/^$|^HTTP\/1.1 431 /, `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n${host}\r\n`],
      [/^HTTP\/1.1 404 /, `GET http://evil.example/ HTTP/1.1\r\n${host}\r\n`],
      [/^$|^HTTP\/1.1 405 /, `POST / HTTP/1.1\r\n${host}Content-Length: 1000000000\r\n\r\nx`],
    ];
    for (let round = 0; round < 25; round++) {
      for (const [expected, bytes] of broken) expect(await raw(port, bytes)).toMatch(expected);
    }
    expect((await get(port, { path: '/' })).status).toBe(200);
    expect((await get(port, { path: '/', method: 'HEAD' })).status).toBe(200);
    expect((await get(port, { path: '/api/stream', method: 'HEAD' })).status).toBe(200);
  });

  it('takes who follows a link from another page', async () => {
    using server = await startLiveServer(new RunStore());
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await get(server.port, { path: '/', headers })).status).toBe(200);
  });

  it('streams what is new, and goes on where a connection was lost', async () => {
    const store = new RunStore();
    using server = await startLiveServer(store);
    record(store, 1);
    const { id }: WireSnapshot = JSON.parse(await (await fetch(`${server.url}api/runs`)).text());
    const coming = listen(server.url, 2, id);
    setTimeout(() => record(store, 2), 50);
    setTimeout(() => record(store, 3), 300);
    const messages = await coming;
    const stepsIn = ({ data }: { data: string }) =>
      JSON.parse(data).runs[0].metrics['signal.training.loss'].lines.value.steps;
    expect(messages.map(stepsIn)).toEqual([[2], [3]]);

    // While nobody listens.
    record(store, 4);
    const missed = await listen(server.url, 2, messages[0]?.id);
    expect(missed.map(stepsIn)).toEqual([[3], [4]]);
    expect(new Set([...messages, ...missed].map((message) => message.id)).size).toBe(3);
  });

  it.each([undefined, '', 'another-1', '-', 'x'])('has who comes with the id %s begin anew', async (id) => {
    using server = await startLiveServer(new RunStore());
    expect(await listen(server.url, 1, id)).toEqual([{ event: 'reset', id: '', data: '{}' }]);
  });

  it('never fails the process, whatever fails in it', async () => {
    const log = new CapturedLog().install();
    const store = new RunStore();
    using server = await startLiveServer(store);
    record(store, 1);
    const sent = request(`${server.url}api/stream`);
    const [response] = await once(sent, 'response');
    response.resume();
    const getHealth = () => {
      throw new Error('no health today');
    };
    store.kept({ ...run, runId: 'run_broken', getHealth }, { timestampMillis: 1_000, step: 1, metrics: {} });
    await expect.poll(() => log.warnings).toEqual([expect.stringContaining('live page failed')]);
    expect((await get(server.port, { path: '/api/stream' })).status).toBe(500);
    expect((await get(server.port, { path: '/api/runs' })).status).toBe(500);
    expect((await get(server.port, { path: '/' })).status).toBe(200);
    sent.destroy();
  });

  it('bounds how many listen', async () => {
    using server = await startLiveServer(new RunStore());
    const open = await Promise.all(
      Array.from({ length: 24 }, async () => {
        const sent = request(`${server.url}api/stream`, { agent: false });
        const [response] = await once(sent, 'response');
        return { sent, status: response.statusCode };
      }),
    );
    expect(open.every(({ status }) => status === 200)).toBe(true);
    expect((await get(server.port, { path: '/api/stream' })).status).toBe(503);
    expect((await get(server.port, { path: '/' })).status).toBe(200);
    for (const { sent } of open) sent.destroy();
  });

  it('takes the next free port where the one that it wants is taken', async () => {
    using first = await startLiveServer(new RunStore());
    using second = await startLiveServer(new RunStore(), first.port);
    expect(second.port).toBeGreaterThan(first.port);
  });
});
