import http from 'node:http';
import { json } from 'node:stream/consumers';
import { API_KEY, type Exchange } from './exchange.ts';

/** Sends a request and gives its answer, as JSON; rejects where that is an error. */
export type Send = (exchange: Exchange) => Promise<unknown>;

export const CLIENTS = ['fetch', 'node:http'] as const;

/** Each over one connection that stays open. */
export function createClients(): readonly Send[] {
  return [sendByFetch, createSendByHttp()];
}

const headers = { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` };

async function sendByFetch({ port, path, body }: Exchange): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`HTTP ${response.status} from ${path}`);
  return response.json();
}

function createSendByHttp(): Send {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  return ({ port, path, body }) =>
    new Promise((resolve, reject) => {
      // By the module's object: that is where a peer puts its own.
      const request = http.request({ host: '127.0.0.1', port, path, agent, method: 'POST', headers });
      request.once('response', (response) => {
        if (response.statusCode === 200) json(response).then(resolve, reject);
        else reject(new Error(`HTTP ${response.statusCode} from ${path}`));
      });
      request.once('error', reject);
      request.end(body);
    });
}
