import { get as getHttp, request as requestHttp } from 'node:http';
import { get as getHttps, request as requestHttps } from 'node:https';
import { PassThrough } from 'node:stream';
import { buffer, json } from 'node:stream/consumers';

/**
 * Every client sends a POST in two ways: `whole` gives the bytes of the answer's body, `streamed` its chunks as they come.
 * Each loads what it needs, and nothing else.
 */
export const clients = {
  fetch: async () => byFetch(fetch),
  'undici 6 request': async () => byRequest(await import('undici-6')),
  'undici 6 fetch': async () => byUndiciFetch(await import('undici-6')),
  'undici 6 stream': async () => byStream(await import('undici-6')),
  'undici 7 request': async () => byRequest(await import('undici')),
  'undici 7 fetch': async () => byUndiciFetch(await import('undici')),
  'undici 7 stream': async () => byStream(await import('undici')),
  'undici 8 request': async () => byRequest(await import('undici-8')),
  'undici 8 fetch': async () => byUndiciFetch(await import('undici-8')),
  'undici 8 stream': async () => byStream(await import('undici-8')),
  'axios http': async () => byAxios((await import('axios')).default, 'http'),
  'axios fetch': async () => byAxios((await import('axios')).default, 'fetch'),
  'http request': async () => byNode(requestHttp),
  'https request': async () => byNode(requestHttps),
  'http get': async () => byPolling(requestHttp, getHttp),
  'https get': async () => byPolling(requestHttps, getHttps),
};

function byFetch(fetch) {
  return {
    whole: async (url, options) => bytesOf(await (await fetch(url, { method: 'POST', ...options })).arrayBuffer()),
    streamed: async (url, options) => (await fetch(url, { method: 'POST', ...options })).body,
  };
}

// Without an agent of its own, a version from npm sends by the one that Node itself brings.

function byUndiciFetch({ fetch, Agent }) {
  const dispatcher = new Agent();
  return byFetch((url, options) => fetch(url, { dispatcher, ...options }));
}

function byRequest({ request, Agent }) {
  const dispatcher = new Agent();
  const streamed = async (url, options) => (await request(url, { dispatcher, method: 'POST', ...options })).body;
  return { whole: async (url, options) => bytesOf(await (await streamed(url, options)).arrayBuffer()), streamed };
}

function byStream({ stream, Agent }) {
  const dispatcher = new Agent();
  const streamed = async (url, options) => {
    const through = new PassThrough();
    const sent = stream(url, { dispatcher, method: 'POST', ...options }, () => through);
    sent.catch((error) => through.destroy(error));
    return through;
  };
  return { whole: async (url, options) => buffer(await streamed(url, options)), streamed };
}

function byAxios(axios, adapter) {
  const send = async (url, { headers, body }, responseType) =>
    (await axios({ method: 'POST', url, headers, data: body, adapter, responseType })).data;
  return {
    whole: async (url, options) => bytesOf(await send(url, options, 'arraybuffer')),
    streamed: (url, options) => send(url, options, 'stream'),
  };
}

function byNode(request) {
  const send = responseBy((url, { headers, body }, onResponse) =>
    request(url, { method: 'POST', headers }, onResponse).end(body),
  );
  return { whole: async (url, options) => bytesByEvents(await send(url, options)), streamed: send };
}

/** Submits the operation, and asks for its outcome. */
function byPolling(request, get) {
  const submit = responseBy((url, { headers, body }, onResponse) => {
    // In pieces, and the last one with the end.
    const sending = request(`${url}_async`, { method: 'POST', headers }, onResponse);
    sending.write(body.slice(0, 20));
    return sending.end(body.slice(20), 'utf8');
  });
  const ask = responseBy((url, _options, onResponse) => get(url, onResponse));
  const streamed = async (url, options) => {
    const { future_id } = await json(await submit(url, options));
    return ask(new URL(`/futures/${future_id}`, url));
  };
  return { whole: async (url, options) => bytesByPipe(await streamed(url, options)), streamed };
}

function responseBy(send) {
  return (url, options) =>
    new Promise((resolve, reject) => {
      send(url, options, resolve).on('error', reject);
    });
}

function bytesByEvents(response) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    response
      .on('data', (chunk) => chunks.push(chunk))
      .on('end', () => resolve(Buffer.concat(chunks)))
      .on('error', reject);
  });
}

function bytesByPipe(response) {
  return buffer(response.pipe(new PassThrough()));
}

function bytesOf(data) {
  return Buffer.from(data);
}
