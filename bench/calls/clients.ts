import http from 'node:http';
import { json } from 'node:stream/consumers';

/** Sends a request to a path and gives its answer, as JSON. */
export type Send = (path: string, body: string) => Promise<unknown>;

export const CLIENTS = ['fetch', 'node:http'] as const;

/** Each over one connection that stays open. */
export function createClients(port: number): readonly Send[] {
  return [fetchFrom(port), requestFrom(port)];
}

const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-0123456789abcdef' };

function fetchFrom(port: number): Send {
  return async (path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
    return response.json();
  };
}

function requestFrom(port: number): Send {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  return (path, body) =>
    new Promise((resolve, reject) => {
      // By the module's object: that is where a peer puts its own.
      const request = http.request({ host: '127.0.0.1', port, path, agent, method: 'POST', headers });
      request.once('response', (response) => json(response).then(resolve, reject));
      request.once('error', reject);
      request.end(body);
    });
}
