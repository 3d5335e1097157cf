import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { readPlainOptions } from '../../examples/options.ts';
import { SignalClient } from '../../examples/signal-client.ts';
import { startTrainingServer } from '../../examples/training-server/server.ts';
import { clients, openTransport } from '../../examples/transports.ts';

/** What a module of the example imports, and what those import. */
function importsOf(url: URL, seen = new Set<string>()): Set<string> {
  for (const [, name = ''] of readFileSync(url, 'utf8').matchAll(/\b(?:from |import |import\()'([^']+)'/g)) {
    const imported = name.startsWith('.') ? new URL(name, url) : undefined;
    const key = imported?.href ?? name;
    if (seen.has(key)) continue;
    seen.add(key);
    if (imported !== undefined) importsOf(imported, seen);
  }
  return seen;
}

const root = new URL('../..', import.meta.url).href;
const example = (name: string) => new URL(`examples/${name}`, root);

describe('plain.ts', () => {
  it('has nothing of telemetry in it, nor has anything that it imports', () => {
    const telemetry = (name: string) =>
      [...importsOf(example(name))].filter((imported) => /signal-otel|opentelemetry/.test(imported.replace(root, '')));
    expect(telemetry('plain.ts')).toEqual([]);
    expect(telemetry('train.ts').sort()).toEqual(['@opentelemetry/api', 'signal-otel']);
    expect([...importsOf(example('plain.ts'))]).toEqual(expect.arrayContaining(['axios', example('rollout.ts').href]));
  });

  it('takes the name of a client, and no other', () => {
    const env = { SIGNAL_API_KEY: 'sk-test', SIGNAL_BASE_URL: 'http://127.0.0.1:8000' };
    expect(readPlainOptions([], env)).toMatchObject({ client: 'fetch', steps: 4000 });
    expect(readPlainOptions(['--client', 'http'], env)).toMatchObject({ client: 'http' });
    expect(() => readPlainOptions(['--client', 'got'], env)).toThrow('--client does not take "got"');
  });
});

describe.each(clients)('the transport of %s', (name) => {
  it('speaks to the training server', async () => {
    const server = await startTrainingServer();
    try {
      const transport = await openTransport(name);
      const client = new SignalClient({ apiKey: 'sk-test', baseUrl: server.url, transport });
      const run = await client.createRun({ base_model: 'examples/cartpole-mlp', seed: 1 });
      expect(run.run_id).toMatch(/^run_/);
      await expect(client.getTrainingClient('run_unknown').optimStep()).rejects.toMatchObject({ status: 404 });
    } finally {
      await server.close();
    }
  });

  it('sends what it is given, gives back what is answered, and rejects where nothing is', async () => {
    const transport = await openTransport(name);
    const server = createServer(async (request, response) => {
      const { method, url, headers } = request;
      if (url === '/gone') return response.destroy();
      const body = await text(request);
      return response.writeHead(402).end(JSON.stringify({ method, url, key: headers.authorization, body, ä: 'ö' }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const request = { headers: { authorization: 'Bearer sk-test' }, body: '{"ü":1}' };
    try {
      const { status, body } = await transport({ ...request, url: `http://127.0.0.1:${port}/runs?x=1` });
      expect(status).toBe(402);
      expect(JSON.parse(body)).toEqual({
        method: 'POST',
        url: '/runs?x=1',
        key: 'Bearer sk-test',
        body: '{"ü":1}',
        ä: 'ö',
      });
      await expect(transport({ ...request, url: `http://127.0.0.1:${port}/gone` })).rejects.toThrow();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
