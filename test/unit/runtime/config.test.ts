import { DiagLogLevel } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { isOtlpOptionSet, otlpEndpoint, readConfig } from '../../../src/runtime/config.ts';

function read(environment: Record<string, string>) {
  const warnings: string[] = [];
  return { config: readConfig(environment, (warning) => warnings.push(warning)), warnings };
}

describe('readConfig', () => {
  it('has a default for everything, and nothing to warn about', () => {
    const { config, warnings } = read({});
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      disabled: false,
      metricsExporters: ['otlp'],
      tracesExporters: ['otlp'],
      logsExporters: ['otlp'],
      metricsProtocol: 'http/protobuf',
      exportIntervalMillis: 10_000,
      prometheusHost: '127.0.0.1',
      prometheusPort: 9464,
      sampler: 'parentbased_always_on',
    });
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
      environment: 'staging',
    });
  });

  it.each([
    ['OTEL_SDK_DISABLED', 'yes', 'disabled', false],
    ['OTEL_METRICS_EXPORTER', 'statsd', 'metricsExporters', ['otlp']],
    ['OTEL_METRICS_EXPORTER', 'otlp,statsd', 'metricsExporters', ['otlp']],
    ['OTEL_METRIC_EXPORT_INTERVAL', '10s', 'exportIntervalMillis', 10_000],
    ['OTEL_METRIC_EXPORT_INTERVAL', '0', 'exportIntervalMillis', 10_000],
    ['OTEL_METRIC_EXPORT_INTERVAL', '-5', 'exportIntervalMillis', 10_000],
    ['OTEL_EXPORTER_PROMETHEUS_PORT', '70000', 'prometheusPort', 9464],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'metricsProtocol', 'http/protobuf'],
    ['OTEL_LOG_LEVEL', 'loud', 'logLevel', undefined],
    ['OTEL_TRACES_SAMPLER_ARG', '2', 'samplerRatio', 1],
  ] as const)('warns once of %s=%s and falls back', (variable, value, key, fallback) => {
    const { config, warnings } = read({ [variable]: value });
    expect(config[key]).toEqual(fallback);
    expect(warnings).toEqual([expect.stringContaining(variable)]);
    expect(warnings[0]).toContain(value);
  });

  it('sends no spans and logs where metrics stay local, unless it is told to', () => {
    const prometheus = { OTEL_METRICS_EXPORTER: 'prometheus' };
    expect(read(prometheus).config).toMatchObject({ tracesExporters: [], logsExporters: [] });
    expect(read({ ...prometheus, OTEL_TRACES_EXPORTER: 'otlp' }).config).toMatchObject({
      tracesExporters: ['otlp'],
      logsExporters: [],
    });
    expect(read({ ...prometheus, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }).config.tracesExporters).toEqual([
      'otlp',
    ]);
    expect(read({ OTEL_METRICS_EXPORTER: 'none' }).config.tracesExporters).toEqual(['otlp']);
    expect(read({ OTEL_METRICS_EXPORTER: 'otlp,prometheus' }).config.tracesExporters).toEqual(['otlp']);
  });

  it('takes an empty variable for one that is not set', () => {
    const { config, warnings } = read({ OTEL_METRICS_EXPORTER: '', OTEL_METRIC_EXPORT_INTERVAL: ' ' });
    expect(config.metricsExporters).toEqual(['otlp']);
    expect(warnings).toEqual([]);
  });
});

describe('the OTLP endpoint in messages', () => {
  it('is the one of the signal, else the common one with its path', () => {
    expect(otlpEndpoint('metrics', {})).toBe('http://localhost:4318/v1/metrics');
    expect(otlpEndpoint('traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:1/base/' })).toBe(
      'http://c:1/base/v1/traces',
    );
    expect(otlpEndpoint('logs', { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://l:2/in' })).toBe('http://l:2/in');
  });

  it('shows no user, password or query', () => {
    const shown = otlpEndpoint('metrics', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://me:secret@c.io/x?key=secret' });
    expect(shown).not.toContain('secret');
    expect(otlpEndpoint('metrics', { OTEL_EXPORTER_OTLP_ENDPOINT: 'secret' })).not.toContain('secret');
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
