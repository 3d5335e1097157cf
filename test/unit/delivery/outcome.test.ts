import { describe, expect, it } from 'vitest';
import { judge, noAnswer, parseRetryAfter } from '../../../src/delivery/outcome.ts';

const answer = (status: number, retryAfter?: string) =>
  judge({ status, contentType: '', retryAfter, body: new Uint8Array() });

describe('judge', () => {
  it('tells what passes from what stays', () => {
    const kinds = (statuses: number[]) => new Set(statuses.map((status) => answer(status).kind));
    expect(kinds([200, 201, 202, 204])).toEqual(new Set(['accepted']));
    expect(kinds([301, 302, 308, 400, 401, 403, 404, 405, 407, 411, 415, 422, 431])).toEqual(new Set(['refused']));
    expect(kinds([413])).toEqual(new Set(['tooLarge']));
    expect(kinds([408, 429, 500, 501, 502, 503, 504, 507, 520, 599])).toEqual(new Set(['unavailable']));
  });

  it('suspects the request where the receiver does not say that it is itself', () => {
    const isSuspect = (status: number, retryAfter?: string) => {
      const outcome = answer(status, retryAfter);
      return outcome.kind === 'unavailable' && outcome.isSuspect;
    };
    expect([500, 501, 505, 520].map((status) => isSuspect(status))).toEqual([true, true, true, true]);
    expect([408, 429, 502, 503, 504].map((status) => isSuspect(status))).toEqual(Array(5).fill(false));
    expect(isSuspect(500, '3')).toBe(false);
  });
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');

  it.each([
    ['0', 0],
    ['7', 7_000],
    [' 7 ', 7_000],
    ['999999999999999999999', 3_600_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2026 09:00:00 GMT', 3_600_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is %j ms', (header, millis) => {
    expect(parseRetryAfter(header, now)).toBe(millis);
  });
});

describe('noAnswer', () => {
  it('says the code alone, since a message may hold a secret', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED http://user:secret@host'), { code: 'ECONNREFUSED' });
    expect(noAnswer(refused)).toEqual({ kind: 'unavailable', reason: 'ECONNREFUSED' });
    expect(noAnswer(new Error('https://secret'))).toEqual({ kind: 'unavailable', reason: 'no answer' });
    expect(noAnswer('secret')).toEqual({ kind: 'unavailable', reason: 'no answer' });
    const foreign = Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_CONSTANT' });
    expect(noAnswer(foreign)).toMatchObject({
      reason: 'what answers there does not speak HTTP (HPE_INVALID_CONSTANT)',
    });
  });
});
