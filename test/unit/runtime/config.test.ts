import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiagLogLevel } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asksForNodeSdk,
  datadogAccount,
  decidesStart,
  defaults,
  isDirect,
  isOtlpOptionSet,
  readConfig,
} from '../../../src/runtime/config.ts';
import { type Setting, settings } from '../../../src/runtime/settings.ts';
import { keys, knownVariables, readSettings } from '../../../src/runtime/settings-reader.ts';

function read(environment: Record<string, string>) {
  const warnings: string[] = [];
  return { config: readConfig(environment, (warning) => warnings.push(warning)), warnings };
}

describe('readConfig', () => {
  it('has a default for everything, and nothing to warn about, whatever else is set', () => {
    expect(read({ PATH: '/bin', HOME: '/root' })).toEqual({ config: defaults, warnings: [] });
    // The same by the table, which is not asked where no variable could be in it.
    expect(read({ OTEL_BSP_SCHEDULE_DELAY: '1' })).toEqual({ config: defaults, warnings: [] });
    expect(defaults).toMatchObject({
      disabled: false,
      metricsExporters: ['otlp'],
      tracesExporters: ['otlp'],
      logsExporters: ['otlp'],
      metricsProtocol: 'http/protobuf',
      exportIntervalMillis: 10_000,
      timeoutMillis: 10_000,
      prometheusHost: '127.0.0.1',
      prometheusPort: 9464,
      sampler: 'parentbased_always_on',
    });
  });

  it('asks the table for every variable that the table has', () => {
    const missed = knownVariables().filter((variable) => read({ [variable]: '\u0000' }).config === defaults);
    expect(missed).toEqual([]);
  });

  it('reads what is set', () => {
    const { config, warnings } = read({
      OTEL_SDK_DISABLED: 'TRUE',
      OTEL_LOG_LEVEL: 'Debug',
      OTEL_METRICS_EXPORTER: 'prometheus, otlp',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_EXPORTER_PROMETHEUS_PORT: '0',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_RESOURCE_ATTRIBUTES: 'team=ml,empty=,title=a%2Cb',
      SIGNAL_SPOOL_DIR: '/var/spool/signal',
      SIGNAL_QUEUE_MAX_BYTES: '65536',
      SIGNAL_SHUTDOWN_TIMEOUT: '0',
      DD_ENV: 'staging',
    });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      disabled: true,
      logLevel: DiagLogLevel.DEBUG,
      metricsExporters: ['otlp', 'prometheus'],
      tracesExporters: [],
      metricsProtocol: 'http/json',
      tracesProtocol: 'http/protobuf',
      exportIntervalMillis: 500,
      prometheusPort: 0,
      sampler: 'traceidratio',
      samplerRatio: 0.25,
      spoolFolder: '/var/spool/signal',
      queueMaxBytes: 65_536,
      shutdownTimeoutMillis: 0,
      environment: 'staging',
    });
  });

  it('takes the first variable that is set, good or bad', () => {
    expect(read({ OTEL_SERVICE_NAME: 'driver', DD_SERVICE: 'trainer' }).config.serviceName).toBe('driver');
    expect(read({ OTEL_SERVICE_NAME: ' ', DD_SERVICE: 'trainer' }).config.serviceName).toBe('trainer');
    const { config, warnings } = read({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'thrift',
    });
    expect(config).toMatchObject({ metricsProtocol: 'http/json', logsProtocol: 'http/json' });
    expect(warnings).toEqual([expect.stringMatching(/METRICS_PROTOCOL .*"thrift" is ignored, http\/json holds$/)]);
  });

  it.each([
    ['OTEL_SDK_DISABLED', 'yes', 'disabled', 'false holds'],
    ['OTEL_METRICS_EXPORTER', 'statsd', 'metricsExporters', 'otlp holds'],
    ['OTEL_METRICS_EXPORTER', 'otlp,statsd', 'metricsExporters', 'otlp holds'],
    ['OTEL_METRICS_EXPORTER', 'otlp,otlp', 'metricsExporters', 'otlp holds'],
    ['OTEL_METRICS_EXPORTER', 'otlp,none', 'metricsExporters', 'otlp holds'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '10s', 'exportIntervalMillis', '10000 holds'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '0', 'exportIntervalMillis', '10000 holds'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '-5', 'exportIntervalMillis', '10000 holds'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '2147483648', 'exportIntervalMillis', '10000 holds'],
    ['OTEL_EXPORTER_PROMETHEUS_PORT', '70000', 'prometheusPort', '9464 holds'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'thrift', 'metricsProtocol', 'http/protobuf holds'],
    ['OTEL_PROPAGATORS', 'tracecontext,jaeger', 'propagators', 'tracecontext,baggage holds'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', 'abc', 'timeoutMillis', '10000 holds'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '0', 'timeoutMillis', '10000 holds'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zip', 'compression', 'nothing is compressed'],
    ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/nobody/has.pem', 'certificate', 'the connection does without it'],
    ['OTEL_EXPORTER_OTLP_CLIENT_KEY', '/', 'clientKey', 'the connection does without it'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'team', 'resourceAttributes', 'nothing holds'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'team=ml=ai', 'resourceAttributes', 'nothing holds'],
    ['OTEL_LOG_LEVEL', 'loud', 'logLevel', 'nothing holds'],
    ['OTEL_CONFIG_FILE', '/nobody/has.yaml', 'configFile', '@opentelemetry/sdk-node starts nothing then'],
    ['OTEL_TRACES_SAMPLER', 'sometimes', 'sampler', 'parentbased_always_on holds'],
    ['OTEL_TRACES_SAMPLER_ARG', '2', 'samplerRatio', '1 holds'],
    ['SIGNAL_RUN_SAMPLE_RATIO', '1.5', 'runSampleRatio', '1 holds'],
    ['SIGNAL_OMIT_ATTRIBUTES', 'team', 'omitAttributes', 'none is left out'],
    ['SIGNAL_OMIT_ATTRIBUTES', 'run_id,run_id:signal.rl.*', 'omitAttributes', 'leave one out; none is left out'],
    ['SIGNAL_OMIT_ATTRIBUTES', 'run_id:signal.rl.entropi', 'omitAttributes', 'one of your own; none is left out'],
    ['SIGNAL_QUEUE_MAX_BYTES', '65535', 'queueMaxBytes', '67108864 holds'],
    ['SIGNAL_SHUTDOWN_TIMEOUT', '600001', 'shutdownTimeoutMillis', '5000 holds'],
  ] as const)('warns once of %s=%s and falls back', (variable, value, key, consequence) => {
    const { config, warnings } = read({ [variable]: value });
    expect(config[key]).toEqual(defaults[key]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(new RegExp(`^${variable} takes .+; "${value}" is .+ ${consequence}$`));
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'gRPC', 'metricsProtocol', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', 'grpc', 'logsProtocol', 'http/protobuf'],
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'tracesExporters', ['otlp']],
    ['OTEL_TRACES_EXPORTER', 'console,zipkin', 'tracesExporters', ['otlp', 'console']],
    ['OTEL_PROPAGATORS', 'baggage', 'propagators', ['baggage']],
    ['OTEL_PROPAGATORS', 'none', 'propagators', []],
    ['OTEL_PROPAGATORS', 'b3, baggage', 'propagators', ['tracecontext', 'baggage']],
    ['OTEL_PROPAGATORS', 'tracecontext,b3multi', 'propagators', ['tracecontext']],
  ] as const)('has something of its own for what sdk-node alone has: %s=%s', (variable, value, key, own) => {
    const { config, warnings } = read({ [variable]: value });
    expect(config[key]).toEqual(own);
    expect(warnings).toEqual([]);
    expect(readSettings({ [variable]: value }).readings.find(({ from }) => from === variable)?.text).toBe(value);
  });

  it.each<[string, readonly string[]]>([
    ['none', []],
    ['RUN_ID, user_id', ['run_id', 'user_id']],
    [
      'user_id,run_id:signal.rl.*,Run_ID:signal.training.Accuracy',
      ['user_id', 'run_id:signal.rl.*', 'run_id:signal.training.Accuracy'],
    ],
  ])('takes the attributes to leave out as an option has them: %s', (text, omitAttributes) => {
    const { config, warnings } = read({ SIGNAL_OMIT_ATTRIBUTES: text });
    expect(config.omitAttributes).toEqual(omitAttributes);
    expect(warnings).toEqual([]);
  });

  it('says what is good: of the signal, of all signals, or the default', () => {
    const warningsOf = (environment: Record<string, string>) => read(environment).warnings.join();
    expect(warningsOf({ OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: 'zip' })).toMatch(/nothing is compressed$/);
    const gzip = { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip', OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: 'zip' };
    expect(warningsOf(gzip)).toMatch(/"zip" is ignored, gzip holds$/);
    const bad = { OTEL_EXPORTER_OTLP_TIMEOUT: 'a', OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: 'b' };
    expect(warningsOf(bad)).toMatch(/"a" is ignored, 10000 holds.*"b" is ignored, 10000 holds$/);
  });

  it('says of an endpoint what the exporter makes of it', () => {
    const endpoint = (value: string) => read({ OTEL_EXPORTER_OTLP_ENDPOINT: value }).warnings.join();
    // The host is taken for a scheme: the exporter makes requests, and they fail.
    expect(endpoint('localhost:4318')).toMatch(/nothing can be sent there$/);
    expect(endpoint('//localhost')).toMatch(/is ignored, http:\/\/localhost:4318 holds$/);
  });

  it('shows a bad value in one line, cut, with nothing that a terminal acts upon', () => {
    const { warnings } = read({ OTEL_SDK_DISABLED: `\u001b[31m\u009b\u2028\u202e\n${'x'.repeat(5_000)}` });
    expect(warnings[0]).toContain('"\\u001b[31m\\u009b\\u2028\\u202e\\nxxx');
    expect(warnings[0]?.length).toBeLessThan(250);
  });

  it('sends no spans and logs where metrics stay local, unless it is told to', () => {
    const prometheus = { OTEL_METRICS_EXPORTER: 'prometheus' };
    expect(read(prometheus).config).toMatchObject({ tracesExporters: [], logsExporters: [] });
    expect(read({ ...prometheus, OTEL_TRACES_EXPORTER: 'otlp' }).config).toMatchObject({
      tracesExporters: ['otlp'],
      logsExporters: [],
    });
    const to = (variable: string) => read({ ...prometheus, [variable]: 'http://c:4318' }).config.tracesExporters;
    expect(to('OTEL_EXPORTER_OTLP_ENDPOINT')).toEqual(['otlp']);
    expect(to('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')).toEqual(['otlp']);
    expect(read({ OTEL_METRICS_EXPORTER: 'none' }).config.tracesExporters).toEqual(['otlp']);
    expect(read({ OTEL_METRICS_EXPORTER: 'otlp,prometheus' }).config.tracesExporters).toEqual(['otlp']);
  });

  it('sends nothing where the live page is all that is asked for', () => {
    const exporters = (environment: Record<string, string>) => {
      const { metricsExporters, tracesExporters, logsExporters } = read(environment).config;
      return [metricsExporters, tracesExporters, logsExporters];
    };
    const everywhere = [['otlp'], ['otlp'], ['otlp']];
    for (const on of ['1', 'true', 'TRUE']) {
      expect(read({ SIGNAL_LIVE: on }).config).toMatchObject({ live: true, livePort: 4320 });
      expect(exporters({ SIGNAL_LIVE: on })).toEqual([[], [], []]);
    }
    for (const off of ['0', 'false', '', 'yes']) expect(exporters({ SIGNAL_LIVE: off })).toEqual(everywhere);
    for (const named of [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' },
      { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://c:4318' },
      { OTEL_METRICS_EXPORTER: 'otlp' },
      { OTEL_TRACES_EXPORTER: 'otlp' },
      { DATADOG_ENABLED: 'true', DATADOG_API_KEY: 'key' },
    ]) {
      expect(exporters({ SIGNAL_LIVE: '1', ...named })).toEqual(everywhere);
    }
    expect(exporters({ SIGNAL_LIVE: '1', OTEL_METRICS_EXPORTER: 'prometheus' })).toEqual([['prometheus'], [], []]);
    expect(read({ SIGNAL_LIVE: 'yes' }).warnings).toEqual([
      'SIGNAL_LIVE takes 1, 0, true or false; "yes" is ignored, false holds',
    ]);
  });

  it('takes an empty variable for one that is not set', () => {
    const { config, warnings } = read({ OTEL_METRICS_EXPORTER: '', OTEL_METRIC_EXPORT_INTERVAL: ' ' });
    expect(config.metricsExporters).toEqual(['otlp']);
    expect(warnings).toEqual([]);
  });
});

describe('secrets', () => {
  it.each([
    ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key=good,geheim'],
    ['OTEL_EXPORTER_OTLP_LOGS_HEADERS', 'api-key=%geheim'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'me:geheim@c.io:4318'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'ftp://me:geheim@c.io'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'geheim'],
  ])('stay out of the warning about %s=%s, and of what is shown', (variable, value) => {
    const { warnings } = read({ [variable]: value });
    expect(warnings).toEqual([expect.stringMatching(`^${variable} takes .+; \\(hidden\\) is `)]);
    expect(
      JSON.stringify([warnings, readSettings({ [variable]: value }).readings.map(({ text }) => text)]),
    ).not.toMatch(/geheim/);
  });

  it('are headers, and user, password and query of an endpoint', () => {
    const { readings } = readSettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://me:geheim@c.io/in?key=geheim#geheim',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=geheim',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'api-key=geheim',
    });
    expect(readings.filter(({ from }) => from !== undefined).map(({ text }) => text)).toEqual([
      'https://c.io/in',
      '(hidden)',
      '(hidden)',
    ]);
  });
});

describe('certificates', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'signal-otel-config-'));
    writeFileSync(join(folder, 'ca.pem'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are files that can be read', () => {
    expect(read({ OTEL_EXPORTER_OTLP_CERTIFICATE: join(folder, 'ca.pem') }).warnings).toEqual([]);
    expect(read({ OTEL_EXPORTER_OTLP_CERTIFICATE: folder }).warnings).toHaveLength(1);
    expect(read({ OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: join(folder, 'cb.pem') }).warnings).toHaveLength(1);
  });
});

describe('a misspelt variable', () => {
  it.each([
    ['SIGNAL_SPOOL_DIRECTORY', 'SIGNAL_SPOOL_DIR'],
    ['SIGNAL_SPOOL_DRI', 'SIGNAL_SPOOL_DIR'],
    ['SIGNAL_QUEUE_MAX', 'SIGNAL_QUEUE_MAX_BYTES'],
    ['SIGNAL_MAXSERIES', 'SIGNAL_MAX_SERIES'],
    ['SIGNAL_STEPS_RESOLUTION', 'SIGNAL_STEP_RESOLUTION'],
    ['SIGNAL_SHUTDWON_TIMEOUTS', 'SIGNAL_SHUTDOWN_TIMEOUT'],
  ])('%s is told with the one that is meant, and without its value', (variable, meant) => {
    expect(read({ [variable]: 'geheim' }).warnings).toEqual([`${variable} is not known; did you mean ${meant}?`]);
    expect(read({ [variable]: '' }).warnings).toEqual([]);
  });

  it.each([
    'SIGNAL_API_KEY',
    'SIGNAL_MAX_RETRIES',
    'SIGNAL_TIMEOUT',
    'SIGNAL_QUEUE',
    'SIGNAL_',
    'SIGNAL_SPOOL_DIR\nX',
    'OTEL_TRACES_SAMPLERS',
  ])('%s is none', (variable) => {
    expect(read({ [variable]: 'x' }).warnings).toEqual([]);
  });
});

describe('the table', () => {
  it.each(Object.entries<Setting<unknown>>(settings))(
    '%s has variables and a meaning that a table can hold',
    (_, setting) => {
      expect(setting.variables.join()).toMatch(/^[A-Z_,]+$/);
      expect(setting.meaning).toMatch(/^[^|\n]+$/);
    },
  );

  it('has no variable twice', () => {
    expect(knownVariables()).toEqual([...new Set(knownVariables())]);
  });
});

describe('isOtlpOptionSet', () => {
  it('looks at the variable of the signal and the common one', () => {
    expect(isOtlpOptionSet('COMPRESSION', 'metrics', {})).toBe(false);
    expect(isOtlpOptionSet('COMPRESSION', 'metrics', { OTEL_EXPORTER_OTLP_COMPRESSION: 'none' })).toBe(true);
    expect(isOtlpOptionSet('COMPRESSION', 'metrics', { OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'none' })).toBe(true);
    expect(isOtlpOptionSet('COMPRESSION', 'metrics', { OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none' })).toBe(false);
  });
});

describe('asksForNodeSdk', () => {
  it.each([
    ['OTEL_CONFIG_FILE', './otel.yaml'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', ' gRPC '],
    ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', 'grpc'],
    ['OTEL_TRACES_EXPORTER', 'console, zipkin'],
    ['OTEL_PROPAGATORS', 'tracecontext,b3'],
    ['OTEL_PROPAGATORS', 'b3multi'],
  ])('holds for %s=%s, unless nothing is to start', (variable, value) => {
    expect(asksForNodeSdk({ PATH: '/bin', [variable]: value })).toBe(variable);
    expect(asksForNodeSdk({ OTEL_SDK_DISABLED: 'True', [variable]: value })).toBeUndefined();
    expect(asksForNodeSdk({ OTEL_SDK_DISABLED: 'false', [variable]: value })).toBe(variable);
  });

  it.each([
    ['OTEL_CONFIG_FILE', ' '],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json'],
    ['OTEL_TRACES_EXPORTER', 'otlp,console'],
    ['OTEL_PROPAGATORS', 'tracecontext,baggage'],
    ['OTEL_PROPAGATORS', 'none'],
    ['OTEL_PROPAGATORS', 'jaeger'],
    ['OTEL_METRICS_EXPORTER', 'zipkin'],
  ])('does not for %s=%s', (variable, value) => {
    expect(asksForNodeSdk({ [variable]: value })).toBeUndefined();
  });
});

describe('decidesStart', () => {
  it('holds for variables that act before anything is recorded, and for no other', () => {
    const exporters = ['metricsExporters', 'tracesExporters', 'logsExporters', 'datadogEnabled', 'datadogApiKey'];
    const deciding = ['logLevel', 'disabled', 'spoolFolder', 'live', ...exporters];
    for (const key of keys) {
      for (const variable of settings[key].variables) {
        expect([variable, decidesStart({ [variable]: 'x' })]).toEqual([variable, deciding.includes(key)]);
      }
    }
    expect(decidesStart({ PATH: '/bin', SIGNAL_API_KEY: 'x' })).toBe(false);
  });
});

describe('SIGNAL_HEALTH', () => {
  it('has thresholds by rule', () => {
    const text = 'kl_divergence.warning=0.2, kl_divergence.critical=0.5,stalled=off,explained_variance.patience=5';
    expect(read({ SIGNAL_HEALTH: text })).toMatchObject({
      config: {
        health: {
          klDivergence: { warning: 0.2, critical: 0.5 },
          stalled: false,
          explainedVariance: { patience: 5 },
        },
      },
      warnings: [],
    });
    expect(read({ SIGNAL_HEALTH: 'OFF' }).config.health).toBe(false);
  });

  it.each(['kl=off', 'kl_divergence', 'kl_divergence=1', 'kl_divergence.critical=x', 'kl_divergence.critical=0.001'])(
    'of %s is told, and the defaults hold',
    (text) => {
      const { config, warnings } = read({ SIGNAL_HEALTH: text });
      expect(config.health).toBeUndefined();
      expect(warnings).toEqual([
        expect.stringMatching(/^SIGNAL_HEALTH takes thresholds by rule, such as .*; or off; ".*" is ignored/),
      ]);
    },
  );
});

describe('the variables of Datadog', () => {
  const account = (environment: Record<string, string>) => datadogAccount(read(environment).config);
  const direct = (environment: Record<string, string>) => isDirect(read(environment).config, environment);

  it.each(['DATADOG_API_KEY', 'DD_API_KEY'])('%s is a key, for the site that is named', (variable) => {
    expect(account({ [variable]: 'key' })).toEqual({
      apiKey: 'key',
      apiUrl: 'https://api.datadoghq.com',
      otlpUrl: 'https://otlp.datadoghq.com',
    });
    expect(account({ [variable]: 'key', DD_SITE: 'US3.datadoghq.com' })).toMatchObject({
      apiUrl: 'https://api.us3.datadoghq.com',
      otlpUrl: 'https://otlp.us3.datadoghq.com',
    });
    expect(account({ [variable]: 'key', DATADOG_ENABLED: 'false' })).toBeUndefined();
  });

  it('send OTLP straight there only where that is asked for, and no endpoint is named', () => {
    const enabled = { DATADOG_ENABLED: 'true', DATADOG_API_KEY: 'key' };
    expect(direct(enabled)).toBe(true);
    expect(direct({ DATADOG_API_KEY: 'key' })).toBe(false);
    expect(direct({ ...enabled, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' })).toBe(false);
    expect(direct({ ...enabled, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://c:4318' })).toBe(false);
    expect(direct({ ...enabled, OTEL_EXPORTER_OTLP_ENDPOINT: ' ' })).toBe(true);
  });

  it.each([
    [{ DATADOG_ENABLED: 'true' }, /^DATADOG_ENABLED is true, but there is no DATADOG_API_KEY/],
    [{ DATADOG_API_KEY: 'two words' }, /^DATADOG_API_KEY takes a key, without spaces; \(hidden\) is not that/],
    [{ DD_SITE: 'https://app.datadoghq.com' }, /^DD_SITE takes a domain; .* is ignored, datadoghq.com holds/],
  ])('%j is told', (environment, message) => {
    // The compiler makes one type of them, in which the others' variables are undefined.
    const { warnings } = read(Object.fromEntries(Object.entries(environment)));
    expect(warnings).toEqual([expect.stringMatching(message)]);
    expect(warnings.join()).not.toContain('two words');
  });

  it('a temporality that the intake refuses gives way', () => {
    const cumulative = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative' };
    const { config, warnings } = read({ DATADOG_ENABLED: 'true', DATADOG_API_KEY: 'key', ...cumulative });
    expect([config.temporality, warnings.length]).toEqual(['delta', 1]);
    expect(read(cumulative).config.temporality).toBe('cumulative');
  });
});
