import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '../../../src/otel/redact.ts';

const BASE62 = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'];
const HEX = [...'0123456789abcdef'];

const ofLetters = (letters: readonly string[], length: number) =>
  fc.array(fc.constantFrom(...letters), { minLength: length, maxLength: length }).map((chosen) => chosen.join(''));

/** What somebody keeps to himself: as keys are made, and as people make passwords. */
const key = ofLetters(BASE62, 24);
const password = fc
  .string({ unit: fc.constantFrom(...BASE62, ...'!$%^*()_+-=[]{}|;:,.~<>'), minLength: 8, maxLength: 20 })
  .filter((text) => !/^[.,;:]/.test(text));

/** Ways in which a key gets into a message. Each `*` is the key. */
const keyForms = [
  'Authorization: Bearer *',
  'authorization: bearer *',
  'Bearer *',
  'Basic *',
  'headers: { Authorization: "Bearer *", accept: "a" }',
  "{ authorization: 'Token *' }",
  '"Authorization":"*"',
  '["authorization", "Bearer *"]',
  'OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20*',
  'Proxy-Authorization: *',
  'Cookie: session=*; theme=dark',
  'set-cookie: id=*',
  'x-api-key: *',
  'X-API-Key: *',
  'api-key=*',
  'DD-API-KEY: *',
  'DD_API_KEY=*',
  'DD_APP_KEY="*"',
  'dd-application-key=*',
  'api_key=*',
  'apiKey: *',
  "apiKey: '*'",
  '{"api_key":"*"}',
  '{"api_key": "*", "model": "llama"}',
  '{\\"api_key\\":\\"*\\"}',
  '{"outer":"{\\\\\\"apiKey\\\\\\":\\\\\\"*\\\\\\"}"}',
  '{"access_token":"*","expires_in":3600}',
  '{"refreshToken":"*"}',
  '{"client_secret": "*"}',
  'secret=*',
  'aws_secret_access_key = *',
  'AWS_SESSION_TOKEN=*',
  'private_key: *',
  'session_id=*',
  'Incorrect API key provided: sk-*. You can find your API key at x',
  'sk-*',
  'sk-proj-*',
  'sk_live_*',
  'hf_*',
  'ghp_*',
  'github_pat_*',
  'glpat-*',
  'xoxb-*',
  'AIza*',
  'AKIA*',
  'npm_*',
  'tml-*',
  'eyJhbGciOiJIUzI1NiJ9.eyJ*.sig',
  'https://*@host/path',
  'https://user:*@host:8080/path',
  'postgres://user:*@db/name',
  'redis://:*@cache:6379',
  'https://bucket.s3.amazonaws.com/state?X-Amz-Credential=a&X-Amz-Signature=*&X-Amz-Date=b',
  'https://storage.googleapis.com/b/o?GoogleAccessId=a&Signature=*',
  'https://x.blob.core.windows.net/c?sv=1&sig=*&se=2',
  'GET /v1/models?key=* failed',
  '/callback?code=*',
  'https://x.io/cb#access_token=*',
  'X-Amz-Security-Token=*',
  'prompt: "*"',
  '{"prompts":["*"]}',
  '{"messages":[{"role":"user","content":"*"}]}',
  "{ content: [], 'text': '*' }",
  'completion="*"',
  '-----BEGIN RSA PRIVATE KEY-----\n*\n-----END RSA PRIVATE KEY-----',
] as const;

const passwordForms = [
  'password=*',
  'password: *',
  '{"password":"*"}',
  "passwd: '*'",
  'PGPASSWORD=*',
  '{"passphrase": "*"}',
  'DB_PWD=*',
] as const;

/** What may stand around it, none of it a part of the word. */
const surroundings = fc.tuple(
  fc.constantFrom(
    '',
    'request failed: ',
    'Error: 401 (',
    'at https://api.x.io/v1/runs:\n',
    '"',
    'cause {',
    '\t',
    '😀 ',
  ),
  fc.constantFrom('', ' and so on', '\n    at run (x.js:1:2)', '" }', ')', ' https://x.io/?a=b'),
);

function expectHidden(form: string, secret: string, [before, after]: readonly [string, string]): void {
  const text = before + form.replace('*', () => secret) + after;
  const shown = redact(text, 1_000);
  // Not even a part of it that helps to guess the rest.
  const parts = Array.from({ length: secret.length - 5 }, (_, at) => secret.slice(at, at + 6));
  const leaked = parts.filter((part) => shown.includes(part) && !form.includes(part) && !before.includes(part));
  expect({ text, shown, leaked }).toEqual({ text, shown, leaked: [] });
}

describe('redact', () => {
  it.each(keyForms)('hides a key in %j', (form) => {
    fc.assert(
      fc.property(key, surroundings, (secret, around) => expectHidden(form, secret, around)),
      { numRuns: 150, seed: 41 },
    );
  });

  it.each(passwordForms)('hides a password in %j', (form) => {
    fc.assert(
      fc.property(password, surroundings, (secret, around) => expectHidden(form, secret, around)),
      { numRuns: 300, seed: 42 },
    );
  });

  it('hides keys that stand alone: 32 and 40 hexadecimal digits, as Datadog has, and long ones of any letters', () => {
    const alone = fc.oneof(
      ofLetters(HEX, 32),
      ofLetters(HEX, 40),
      ofLetters(BASE62, 43).filter((text) => /\d/.test(text)),
    );
    fc.assert(
      fc.property(alone, surroundings, (secret, around) => expectHidden('*', secret, around)),
      { numRuns: 500, seed: 43 },
    );
  });

  it.each([
    'signal.training.token_accuracy: expected a number, got string; not recorded',
    'signal.training.secretary: a counter takes no negative value',
    'run_0123456789abcdef is not there: 404 Not Found',
    'cannot deliver metrics to http://localhost:4318/v1/metrics: ECONNREFUSED. Training goes on.',
    'OTEL_EXPORTER_OTLP_HEADERS takes key=value pairs, separated by commas; (hidden) is ignored, nothing holds',
    'more than 50 tags on one metric; the rest are left out',
    'step 12: loss is NaN, max_tokens=1024, batch 3 of 17',
    'at run (/home/user/Project1/node_modules/@opentelemetry/exporter-prometheus/dist/index.js:12:34)',
    'model meta-llama/Llama-3.2-1B does not fit into 80 GB',
    '7b6f3f0e-2f0f-4a4b-9c57-0a1f0d6f2b11 timed out after 30000 ms',
  ])('leaves %j as it is', (text) => {
    expect(redact(text, 1_000)).toBe(text);
  });

  it('is one bounded line whatever the text is, and does not take long for it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 400 }), (text, maxLength) => {
        const shown = redact(text, maxLength);
        expect(shown.length).toBeLessThanOrEqual(maxLength);
        expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\p{Cs}]/u);
      }),
      { numRuns: 5_000, seed: 44 },
    );
    for (const part of [
      'a',
      'a1-',
      'api_key',
      '\\',
      '"',
      'token="',
      '://',
      '?a=',
      'password ',
      '-----BEGIN PRIVATE KEY-----',
    ]) {
      expect(redact(part.repeat(1_000_000), 300).length).toBeLessThanOrEqual(300);
    }
  });

  it('keeps no half of a secret at the end of what it reads', () => {
    for (let before = 4_000; before < 4_100; before++) {
      expect(redact(`${'x '.repeat(before / 2)}https://user:password@host`, 5_000)).not.toContain('passw');
    }
  });
});
