import { isAbsolute } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { resourceAttributesEnvDetector } from '@opentelemetry/resources';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { defaults, readConfig } from '../../../src/runtime/config.ts';
import { attributes, headers, httpUrl, parse, type Schema } from '../../../src/runtime/schemas.ts';
import { settings } from '../../../src/runtime/settings.ts';
import { format, keys, knownVariables, readSettings } from '../../../src/runtime/settings-reader.ts';

const MARK = 'qZ7geheim';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  // Lone surrogates and control characters, as no Unicode text has them.
  fc
    .array(fc.oneof(fc.nat(0xffff), fc.nat(0xa0), fc.constantFrom(0x0a, 0x0d, 0x2028, 0x2029, 0x85, 0xd800)))
    .map((units) => String.fromCharCode(...units)),
  fc.tuple(fc.string(), fc.nat(20_000)).map(([text, times]) => text.slice(0, 3).repeat(times)),
);
const plausible = fc.constantFrom(
  ...['true', 'FALSE', 'otlp', 'otlp , console', 'none', 'prometheus', 'grpc', 'http/json', 'debug', 'gzip', 'delta'],
  ...['0', '1', '0.5', '-1', '1e3', '70000', '600000', '1000', '99999999999', 'NaN', 'Infinity', '/', '/dev/null'],
  ...['a=b', 'a=b,c', 'a=%ff', 'http://c:4318', 'localhost:4318', 'https://c/?', '  ', 'last', 'traceidratio'],
);
const secretUrl = fc
  .tuple(
    fc.constantFrom('http://', 'https://', 'http:', 'ftp://', 'localhost:', '//', '', ' '),
    fc.constantFrom(`${MARK}:x@h`, `x:${MARK}@h/p`, `h?${MARK}`, `h:4318/p?k=${MARK}`, `h#${MARK}`, `x:${MARK}@`),
    fc.constantFrom('', ' ', '\n', '/', '\ud800'),
  )
  .map((parts) => parts.join(''));
const secretHeaders = fc
  .tuple(anyText, fc.constantFrom(`k=${MARK}`, MARK, `${MARK}=`, `%${MARK}`), anyText)
  .map((parts) => parts.join(','));

const variable = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...knownVariables()) },
  { weight: 2, arbitrary: fc.constantFrom('SIGNAL_SPOOL_DIRECTORY', 'SIGNAL_MAX_SERIE', 'SIGNAL_API_KEY', 'DD_TAGS') },
  { weight: 1, arbitrary: fc.oneof(anyText, fc.constantFrom('__proto__', 'toString')) },
  { weight: 1, arbitrary: anyText.map((text) => `SIGNAL_SPOOL_DIR${text}`) },
);
const entry = variable.chain((name) => fc.tuple(fc.constant(name), textFor(name)));
const environments = fc
  .array(entry, { maxLength: 8 })
  .map((entries): Record<string, string> => Object.assign(Object.create(null), Object.fromEntries(entries)));

function textFor(name: string): fc.Arbitrary<string> {
  if (/_HEADERS$|^SIGNAL_(SPOOL_DIR.|MAX_SERIE$|API_KEY)/s.test(name)) return secretHeaders;
  if (/_ENDPOINT$/.test(name)) return fc.oneof(secretUrl, plausible);
  return fc.oneof(anyText, plausible);
}

describe('any environment', () => {
  it('gives a configuration, every value as its setting takes it, and warnings of one line without secrets', () => {
    fc.assert(
      fc.property(environments, (environment) => {
        const { config, readings } = readSettings(environment);
        expect(Object.keys(config).sort()).toEqual(Object.keys(defaults).sort());
        expect(keys.filter((key) => !isTaken(key, config[key]))).toEqual([]);
        const told = [
          ...readings.flatMap(({ problem, from }) => (problem === undefined ? [] : [`${from} ${problem}`])),
        ];
        expect(told.filter((text) => text.length > 1_000 || /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(text))).toEqual([]);
        expect([...told, ...readings.map(({ text }) => text)].join('\n')).not.toContain(MARK);
      }),
      { numRuns: 20_000 },
    );
  });

  it('warns of what the table finds, and of nothing else', () => {
    fc.assert(
      fc.property(environments, (environment) => {
        const warnings: string[] = [];
        const config = readConfig(environment, (warning) => warnings.push(warning));
        const { config: expected, readings } = readSettings(environment);
        expect(config).toEqual(expected);
        expect(warnings).toHaveLength(readings.filter(({ problem }) => problem !== undefined).length);
      }),
      { numRuns: 5_000 },
    );
  });
});

/** Whether the setting reads the value, written into a variable, as the same value. */
function isTaken(key: keyof typeof settings, value: unknown): boolean {
  // Levels are numbers, which no variable takes.
  if (value === undefined || key === 'logLevel') return true;
  // A folder's name may end with a space once `a /.` is resolved, and a variable is trimmed.
  if (key === 'spoolFolder') return typeof value === 'string' && isAbsolute(value);
  const schema: Schema<unknown> = settings[key].schema;
  return isDeepStrictEqual(parse(schema, format(value)), { value });
}

/** Text of the characters that matter to whoever takes lists of pairs apart. */
const pairs = fc.string({ unit: fc.constantFrom(...'aa=,;% é2C\t'), maxLength: 12 });

describe('the official exporters and detectors', () => {
  it('read the headers that are good as they are written, and leave out some of those that are bad', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const entries = list.split(',').filter((one) => one.trim() !== '');
        const areRead = entries.every((one) => Object.keys(parseKeyPairsIntoRecord(one)).length === 1);
        expect(parse(headers, list) !== undefined).toBe(areRead);
      }),
      { numRuns: 20_000 },
    );
  });

  it('read the resource attributes that are good, and none of those that are bad', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          pairs,
          fc.nat(300).map((length) => `a=${'b'.repeat(length)}`),
        ),
        (list) => {
          fc.pre(list.split(',').some((one) => one.trim() !== ''));
          vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', list);
          const detected = resourceAttributesEnvDetector.detect().attributes ?? {};
          expect(parse(attributes, list) !== undefined).toBe(Object.keys(detected).length > 0);
        },
      ),
      { numRuns: 5_000 },
    );
    vi.unstubAllEnvs();
  });

  const signalOrAll = <Value>(value: fc.Arbitrary<Value>) => fc.tuple(fc.option(value), fc.option(value));

  it('take the time-out and the compression that the settings say, for one signal and for all', () => {
    const times = fc.oneof(plausible, fc.constantFrom('0x10', ' 5 ', '', '5s'));
    const names = fc.constantFrom('gzip', 'none', ' gzip ', 'GZIP', 'zip', '');
    fc.assert(
      fc.property(signalOrAll(times), signalOrAll(names), ([ownTime, time], [ownName, name]) => {
        const environment = stub({
          OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: ownTime,
          OTEL_EXPORTER_OTLP_TIMEOUT: time,
          OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: ownName,
          OTEL_EXPORTER_OTLP_COMPRESSION: name,
        });
        const { readings } = readSettings(environment);
        const good = (option: string) => {
          const set = [`OTEL_EXPORTER_OTLP_METRICS_${option}`, `OTEL_EXPORTER_OTLP_${option}`].flatMap((variable) =>
            readings.filter((one) => one.from === variable && one.problem === undefined),
          );
          return set[0]?.value;
        };
        const official = convertLegacyHttpOptions({}, 'METRICS', 'v1/metrics', {});
        expect(official.timeoutMillis).toBe(good('TIMEOUT') ?? defaults.timeoutMillis);
        expect(official.compression).toBe(good('COMPRESSION') ?? 'none');
      }),
      { numRuns: 2_000 },
    );
    vi.unstubAllEnvs();
  });

  it('go to the endpoints that are good, and elsewhere or nowhere for those that are bad', () => {
    const urls = fc.oneof(
      secretUrl,
      fc.constantFrom('http://c', 'http://c ', 'c', 'http:', 'https://c/x/', 'http://c:1'),
    );
    fc.assert(
      fc.property(urls, (url) => {
        stub({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
        const official = convertLegacyHttpOptions({}, 'METRICS', 'v1/metrics', {}).url;
        const isTaken = /^\s*https?:/i.test(official) && official !== 'http://localhost:4318/v1/metrics';
        expect(parse(httpUrl, url) !== undefined).toBe(isTaken);
      }),
      { numRuns: 2_000 },
    );
    vi.unstubAllEnvs();
  });
});

function stub(variables: Record<string, string | null>): Record<string, string> {
  vi.unstubAllEnvs();
  const set = Object.entries(variables).filter((one): one is [string, string] => one[1] !== null);
  for (const [name, value] of set) vi.stubEnv(name, value);
  return Object.fromEntries(set);
}
