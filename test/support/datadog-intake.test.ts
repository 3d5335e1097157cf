import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type DatadogIntake, startDatadogIntake } from './datadog-intake.ts';

const apiKey = 'the-key';

// One series: host "box", metric "loss", the point 2 at second 7, type gauge.
const payload = deflateSync(
  Buffer.from('0a22' + '0a0b0a04686f73741203626f78' + '12046c6f7373' + '220b0900000000000000401007' + '2803', 'hex'),
);
const loss = {
  metric: 'loss',
  type: 'gauge',
  host: 'box',
  tags: [],
  unit: '',
  intervalSeconds: 0,
  points: [{ value: 2, timestampSeconds: 7 }],
};

/** An OTLP request with one metric "loss" whose `data` is one point, the 2 at second 7. */
function otlpMetrics(data: 'gauge' | 'delta sum' | 'cumulative sum', name = 'loss'): Buffer {
  const points = field(1, Buffer.from('1900863ba101000000' + '210000000000000040', 'hex'));
  const temporality = Buffer.from(data === 'delta sum' ? '1001' : '1002', 'hex');
  const metric = Buffer.concat([
    field(1, Buffer.from(name)),
    data === 'gauge' ? field(5, points) : field(7, Buffer.concat([points, temporality])),
  ]);
  return field(1, field(2, field(2, metric)));
}

/** One field of protobuf that holds bytes. */
function field(number: number, body: Buffer): Buffer {
  const head = [(number << 3) | 2];
  for (let length = body.length; ; length >>>= 7) {
    head.push(length > 127 ? (length & 127) | 128 : length);
    if (length < 128) return Buffer.concat([Buffer.from(head), body]);
  }
}

async function post(intake: DatadogIntake, path: string, body: Buffer, key = apiKey): Promise<number> {
  const headers = { 'dd-api-key': key, 'content-encoding': 'deflate', 'content-type': 'application/x-protobuf' };
  const response = await fetch(intake.url + path, { method: 'POST', body: new Uint8Array(body), headers });
  return response.status;
}

describe('the double of the Datadog intake', () => {
  it('accepts and decodes what has the right key', async () => {
    await using intake = await startDatadogIntake({ apiKey });
    const arrival = intake.waitFor(() => intake.series.find(({ metric }) => metric === 'loss'));
    expect(await post(intake, '/api/v2/series', payload)).toBe(202);
    expect(await arrival).toEqual(loss);
  });

  it.each([
    { refused: 'another key', path: '/api/v2/series', body: payload, key: 'another', status: 403 },
    { refused: 'what is not compressed as it says', path: '/api/v2/series', body: Buffer.from('no'), status: 400 },
    { refused: 'what is not a payload', path: '/api/v2/series', body: deflateSync(Buffer.from('no')), status: 400 },
    { refused: 'a path that Datadog does not have', path: '/api/v9/series', body: payload, status: 404 },
  ])('refuses $refused with $status and keeps the request', async ({ path, body, key, status }) => {
    await using intake = await startDatadogIntake({ apiKey });
    expect(await post(intake, path, body, key)).toBe(status);
    expect(intake.series).toEqual([]);
    expect(intake.requests).toEqual([{ method: 'POST', path, status }]);
  });

  it('loses what comes during an outage, and nothing after', async () => {
    await using intake = await startDatadogIntake({ apiKey });
    intake.failWith(503);
    expect(await post(intake, '/api/v2/series', payload)).toBe(503);
    intake.failWith(null);
    expect(await post(intake, '/api/v2/series', payload)).toBe(202);
    expect(intake.series).toEqual([loss]);
  });

  it.each([
    { data: 'gauge', type: 'gauge' },
    { data: 'delta sum', type: 'count' },
  ] as const)('takes a $data by OTLP as a $type', async ({ data, type }) => {
    await using intake = await startDatadogIntake({ apiKey });
    expect(await post(intake, '/v1/metrics', deflateSync(otlpMetrics(data)))).toBe(200);
    expect(intake.series).toEqual([{ ...loss, type, host: '', tags: expect.any(Array) }]);
  });

  it.each([
    { refused: 'cumulative metrics', body: otlpMetrics('cumulative sum'), status: 400 },
    { refused: 'more than 500 kB', body: otlpMetrics('gauge', randomBytes(600_000).toString('hex')), status: 413 },
    { refused: 'more than 5 MB once decompressed', body: otlpMetrics('gauge', 'x'.repeat(5_000_001)), status: 413 },
    { refused: 'a key in the address', path: `/v1/metrics?api_key=${apiKey}`, key: '', status: 403 },
  ])('refuses $refused by OTLP with $status', async ({ path = '/v1/metrics', body, key, status }) => {
    await using intake = await startDatadogIntake({ apiKey });
    expect(await post(intake, path, deflateSync(body ?? otlpMetrics('gauge')), key)).toBe(status);
    expect(intake.series).toEqual([]);
  });

  it('says what did arrive when something else does not', async () => {
    await using intake = await startDatadogIntake({ apiKey });
    await post(intake, '/api/v2/series', payload);
    await expect(intake.waitFor(() => intake.spans[0], { timeoutMillis: 20 })).rejects.toThrow('series: loss');
  });

  it('closes once, however often it is asked to', async () => {
    await using intake = await startDatadogIntake({ apiKey });
    await intake.close();
    await expect(post(intake, '/api/v2/series', payload)).rejects.toThrow('fetch failed');
  });
});
