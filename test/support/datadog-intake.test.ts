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
