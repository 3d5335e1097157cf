import { DiagLogLevel } from '@opentelemetry/api';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One setting: its variables (the first one set counts), what it takes, and what holds where none is set. */
interface Setting<Value> {
  readonly variables: readonly [string, ...string[]];
  readonly fallback: Value;
  /** In words, for the warning about a bad value. */
  readonly expects: string;
  /** `undefined` where the text is no value of this setting. */
  parse(text: string): Value | undefined;
}

const METRICS_EXPORTERS = ['otlp', 'prometheus', 'console'] as const;
const EXPORTERS = ['otlp', 'console'] as const;
const PROTOCOLS = ['http/protobuf', 'http/json'] as const;
const SAMPLERS = [
  'parentbased_always_on',
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const TEMPORALITIES = ['delta', 'cumulative', 'lowmemory'] as const;
const RESOLUTIONS = ['1s', 'all', 'last'] as const;
const HISTOGRAMS = ['base2_exponential_bucket_histogram', 'explicit_bucket_histogram'] as const;

export type SignalKind = 'metrics' | 'traces' | 'logs';

/** Everything that the environment decides; nothing else reads it, the official exporters' own variables apart. */
const settings = {
  disabled: {
    variables: ['OTEL_SDK_DISABLED'],
    fallback: false,
    expects: 'true or false',
    parse: parseFlag,
  } as Setting<boolean>,
  logLevel: {
    variables: ['OTEL_LOG_LEVEL'],
    fallback: undefined,
    expects: 'none, error, warn, info, debug, verbose or all',
    parse: (text) => logLevels[text.toLowerCase()],
  } as Setting<DiagLogLevel | undefined>,
  metricsExporters: exporters('OTEL_METRICS_EXPORTER', METRICS_EXPORTERS),
  tracesExporters: exporters('OTEL_TRACES_EXPORTER', EXPORTERS),
  logsExporters: exporters('OTEL_LOGS_EXPORTER', EXPORTERS),
  metricsProtocol: protocol('OTEL_EXPORTER_OTLP_METRICS_PROTOCOL'),
  tracesProtocol: protocol('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'),
  logsProtocol: protocol('OTEL_EXPORTER_OTLP_LOGS_PROTOCOL'),
  temporality: choice('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', TEMPORALITIES),
  stepResolution: choice('SIGNAL_STEP_RESOLUTION', RESOLUTIONS),
  maxSeries: wholeNumber('SIGNAL_MAX_SERIES', 200_000, 1_000, 2 ** 31 - 1),
  idleTimeoutMillis: wholeNumber('SIGNAL_SERIES_IDLE_TIMEOUT', 3_600_000, 1_000, 2 ** 31 - 1),
  sampler: choice('OTEL_TRACES_SAMPLER', SAMPLERS),
  samplerRatio: {
    variables: ['OTEL_TRACES_SAMPLER_ARG'],
    fallback: 1,
    expects: 'a share from 0 to 1',
    parse: (value) => (Number(value) >= 0 && Number(value) <= 1 ? Number(value) : undefined),
  } as Setting<number>,
  histograms: choice('OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION', HISTOGRAMS),
  exportIntervalMillis: wholeNumber('OTEL_METRIC_EXPORT_INTERVAL', 10_000, 1, 2 ** 31 - 1),
  exportTimeoutMillis: wholeNumber('OTEL_METRIC_EXPORT_TIMEOUT', 30_000, 1, 2 ** 31 - 1),
  spoolFolder: text('SIGNAL_SPOOL_DIR', undefined),
  queueMaxBytes: wholeNumber('SIGNAL_QUEUE_MAX_BYTES', 67_108_864, 65_536, 2 ** 31 - 1),
  shutdownTimeoutMillis: wholeNumber('SIGNAL_SHUTDOWN_TIMEOUT', 5_000, 0, 600_000),
  prometheusHost: text('OTEL_EXPORTER_PROMETHEUS_HOST', '127.0.0.1'),
  prometheusPort: wholeNumber('OTEL_EXPORTER_PROMETHEUS_PORT', 9464, 0, 65_535),
  serviceName: text('DD_SERVICE', undefined),
  environment: text('DD_ENV', undefined),
  serviceVersion: text('DD_VERSION', undefined),
};

type ValueOf<S> = S extends Setting<infer Value> ? Value : never;
export type Config = { readonly [Key in keyof typeof settings]: ValueOf<(typeof settings)[Key]> };

const logLevels: Readonly<Record<string, DiagLogLevel>> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
};

/**
 * Reads the environment. A value that a setting does not take is told to `warn`, with the value and what holds instead.
 */
export function readConfig(environment: Environment, warn: (message: string) => void): Config {
  // One variable may serve several settings, as the common protocol does.
  const problems = new Set<string>();
  const read = ([key, setting]: [string, Setting<unknown>]) => [
    key,
    readSetting(setting, environment, (problem) => problems.add(problem)),
  ];
  // Object.fromEntries forgets the keys' names; they are those of `settings`.
  const config = Object.fromEntries(Object.entries<Setting<unknown>>(settings).map(read)) as Config;
  for (const problem of problems) warn(problem);
  return sendsNothingByOtlp(config, environment) ? withoutOtlp(config, environment) : config;
}

/** Whether metrics stay on this machine, at Prometheus's endpoint or on the console, and no OTLP endpoint is named. */
function sendsNothingByOtlp({ metricsExporters }: Config, environment: Environment): boolean {
  const isLocal = metricsExporters.length > 0 && !metricsExporters.includes('otlp');
  return isLocal && !Object.keys(environment).some((name) => /^OTEL_EXPORTER_OTLP_(\w+_)?ENDPOINT$/.test(name));
}

/** One variable is enough for Prometheus: spans and logs would look for a Collector that nobody has. */
function withoutOtlp(config: Config, environment: Environment): Config {
  return {
    ...config,
    tracesExporters: environment.OTEL_TRACES_EXPORTER ? config.tracesExporters : [],
    logsExporters: environment.OTEL_LOGS_EXPORTER ? config.logsExporters : [],
  };
}

/** Whether the user has decided the named option of the OTLP exporter, for one signal or for all. */
export function isOtlpOptionSet(option: string, signal: SignalKind, environment: Environment): boolean {
  const names = [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${option}`, `OTEL_EXPORTER_OTLP_${option}`];
  return names.some((name) => (environment[name] ?? '').trim() !== '');
}

/** Where one signal goes, for messages: without the user, password and query that a URL may carry. */
export function otlpEndpoint(signal: SignalKind, environment: Environment): string {
  const own = environment[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`]?.trim();
  const common = environment.OTEL_EXPORTER_OTLP_ENDPOINT?.trim() || 'http://localhost:4318';
  const text = own || `${common.replace(/\/$/, '')}/v1/${signal}`;
  if (!URL.canParse(text)) return 'the configured OTLP endpoint';
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname}`;
}

function readSetting(setting: Setting<unknown>, environment: Environment, warn: (message: string) => void): unknown {
  for (const variable of setting.variables) {
    const raw = environment[variable]?.trim();
    // The OpenTelemetry specification treats an empty variable as one that is not set.
    if (raw === undefined || raw === '') continue;
    const value = setting.parse(raw);
    if (value !== undefined) return value;
    const instead = Array.isArray(setting.fallback)
      ? setting.fallback.join(',')
      : String(setting.fallback ?? 'nothing');
    warn(`${variable} takes ${setting.expects}; ${JSON.stringify(raw.slice(0, 100))} is ignored, ${instead} holds`);
    return setting.fallback;
  }
  return setting.fallback;
}

function parseFlag(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

function text<Fallback extends string | undefined>(variable: string, fallback: Fallback): Setting<string | Fallback> {
  return { variables: [variable], fallback, expects: 'text', parse: (value) => value };
}

function wholeNumber(variable: string, fallback: number, min: number, max: number): Setting<number> {
  return {
    variables: [variable],
    fallback,
    expects: `a whole number from ${min} to ${max}`,
    parse: (value) => {
      const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
  };
}

function choice<Choice extends string>(variable: string, choices: readonly [Choice, ...Choice[]]): Setting<Choice> {
  return {
    variables: [variable],
    fallback: choices[0],
    expects: choices.join(' or '),
    parse: (value) => choices.find((choice) => choice === value.toLowerCase()),
  };
}

function protocol(variable: string): Setting<(typeof PROTOCOLS)[number]> {
  return {
    ...choice(variable, PROTOCOLS),
    variables: [variable, 'OTEL_EXPORTER_OTLP_PROTOCOL'],
    expects: `${PROTOCOLS.join(' or ')} (a Collector's port 4318)`,
  };
}

/** A list such as `otlp,prometheus`; `none` stands alone and means no exporter. */
function exporters<Name extends string>(variable: string, names: readonly [Name, ...Name[]]): Setting<readonly Name[]> {
  return {
    variables: [variable],
    fallback: [names[0]],
    expects: `a list of ${names.join(', ')}, or none`,
    parse: (value) => {
      const asked = value.split(',').map((name) => name.trim().toLowerCase());
      if (asked.length === 1 && asked[0] === 'none') return [];
      const known = names.filter((name) => asked.includes(name));
      return known.length === asked.length ? known : undefined;
    },
  };
}
