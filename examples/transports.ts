import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

/** A POST of JSON. */
export interface TransportRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface TransportAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends a request and reads its answer, whatever its status; rejects where none comes. */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

export const clients = ['fetch', 'undici', 'axios', 'http'] as const;
/** Who speaks HTTP. */
export type ClientName = (typeof clients)[number];

/** Loads the client where it is none of Node's own. */
export async function openTransport(client: ClientName): Promise<Transport> {
  switch (client) {
    case 'fetch':
      return fetchTransport;
    case 'undici':
      return openUndici();
    case 'axios':
      return openAxios();
    case 'http':
      return httpTransport;
  }
}

export const fetchTransport: Transport = async ({ url, headers, body }) => {
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, body: await response.text() };
};

async function openUndici(): Promise<Transport> {
  const { request } = await import('undici');
  return async ({ url, headers, body }) => {
    const response = await request(url, { method: 'POST', headers, body });
    return { status: response.statusCode, body: await response.body.text() };
  };
}

async function openAxios(): Promise<Transport> {
  const { default: axios } = await import('axios');
  return async ({ url, headers, body }) => {
    const { status, data } = await axios.post<string>(url, body, {
      headers,
      responseType: 'text',
      validateStatus: () => true,
    });
    return { status, body: data };
  };
}

const httpTransport: Transport = ({ url, headers, body }) =>
  new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    send(url, { method: 'POST', headers }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
    })
      .on('error', reject)
      .end(body);
  });
