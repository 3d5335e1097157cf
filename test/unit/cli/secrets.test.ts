import { describe, expect, it } from 'vitest';
import { hiding } from '../../../src/cli/secrets.ts';

describe('hiding', () => {
  it.each([
    [
      'a key of any variable, also of one that another goes before',
      { DATADOG_API_KEY: 'first', DD_API_KEY: 'second' },
      'first, second',
    ],
    ['a key in capitals', { DD_API_KEY: 'abcdef' }, 'ABCDEF'],
    ['a key with characters that mean something in a pattern', { DD_APP_KEY: 'a.c+(d$' }, 'a.c+(d$'],
    ['a header, as written and as sent', { OTEL_EXPORTER_OTLP_HEADERS: 'x=one%20two' }, 'one%20two, one two'],
    [
      "one signal's header without its scheme",
      { OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'a=b,Authorization=Bearer%20token' },
      'token',
    ],
    ['a header that is none', { OTEL_EXPORTER_OTLP_HEADERS: 'geheim' }, 'geheim'],
    [
      "a URL's query, user and password",
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:pass%21@host/in?key=value&other=a%2fbc' },
      'user, pass!, pass%21, value, a%2fbc, a/bc',
    ],
    ['the header that user and password become', { DATADOG_HOST: 'https://user:pass@host' }, 'dXNlcjpwYXNz'],
    ['one URL of several', { SIGNAL_BASE_URL: 'http://a, http://b?key=value' }, 'value'],
    ['what is no URL', { OTEL_EXPORTER_OTLP_ENDPOINT: 'me:geheim@host' }, 'geheim@host'],
    ['a misspelt key', { DATADOG_API_KEYS: 'geheim' }, 'geheim'],
  ])('%s', (_, environment, secrets) => {
    const shown = hiding(environment)(`<${secrets.split(', ').join('> <')}>`);
    expect(shown).toMatch(/^(<\(hidden\)> ?)+$/);
  });

  it('leaves what is no secret', () => {
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://host:4318/path?key=value',
      OTEL_EXPORTER_OTLP_HEADERS: 'x=1',
      DD_SITE: 'datadoghq.eu',
      OTEL_METRICS_EXPORTR: 'prometheus',
    };
    const text = 'http://host:4318/path datadoghq.eu prometheus 127.0.0.1';
    expect(hiding(environment)(text)).toBe(text);
    expect(hiding({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://' })('http://host')).toBe('http://host');
  });
});
