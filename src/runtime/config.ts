import type { DatadogAccount } from '../delivery/datadog.ts';
import type { SignalKind } from '../delivery/request.ts';
import { load } from '../otel/load.ts';
import type { Settings, ValueOf } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What holds in this process: the value of every setting, and what each signal has of its own. */
export type Config = { readonly [Key in keyof Settings]: ValueOf<Settings[Key]> } & {
  readonly [Signal in SignalKind as `${Signal}Protocol`]: ValueOf<Settings['protocol']>;
};

const protocol = 'http/protobuf';

/**
 * What holds where nothing is set. Here and not in the table of the settings: most processes of a cluster set nothing,
 * and need neither the table nor the library that validates.
 */
export const defaults: Config = {
  endpoint: 'http://localhost:4318',
  protocol,
  metricsProtocol: protocol,
  tracesProtocol: protocol,
  logsProtocol: protocol,
  headers: undefined,
  timeoutMillis: 10_000,
  compression: 'gzip',
  certificate: undefined,
  clientCertificate: undefined,
  clientKey: undefined,
  metricsExporters: ['otlp'],
  tracesExporters: ['otlp'],
  logsExporters: ['otlp'],
  exportIntervalMillis: 10_000,
  exportTimeoutMillis: 30_000,
  temporality: 'delta',
  histograms: 'base2_exponential_bucket_histogram',
  stepResolution: '1s',
  maxSeries: 200_000,
  idleTimeoutMillis: 3_600_000,
  spoolFolder: undefined,
  queueMaxBytes: 67_108_864,
  shutdownTimeoutMillis: 5_000,
  prometheusHost: '127.0.0.1',
  prometheusPort: 9464,
  live: false,
  livePort: 4320,
  propagators: ['tracecontext', 'baggage'],
  sampler: 'parentbased_always_on',
  samplerRatio: 1,
  serviceName: 'unknown_service:node',
  serviceVersion: undefined,
  environment: undefined,
  resourceAttributes: undefined,
  instrumentation: true,
  baseUrls: undefined,
  tags: undefined,
  omitAttributes: [],
  runSampleRatio: 1,
  health: undefined,
  gpuIntervalMillis: 10_000,
  datadogEnabled: undefined,
  datadogApiKey: undefined,
  datadogAppKey: undefined,
  datadogSite: 'datadoghq.com',
  datadogApiUrl: undefined,
  datadogOtlpUrl: undefined,
  logLevel: undefined,
  disabled: false,
  configFile: undefined,
};

/** How every variable of a setting begins, in any case: Windows has no case in names. */
const OURS = /^(OTEL|SIGNAL|DD|DATADOG)_/i;

/** What of the values of variables the package leaves to @opentelemetry/sdk-node. */
const BY_NODE_SDK: Readonly<Record<string, readonly string[]>> = {
  OTEL_EXPORTER_OTLP_PROTOCOL: ['grpc'],
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: ['grpc'],
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ['grpc'],
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: ['grpc'],
  OTEL_TRACES_EXPORTER: ['zipkin'],
  OTEL_PROPAGATORS: ['b3', 'b3multi'],
};

/** Variables that decide what a start does. The others wait until something is recorded, as most processes never do. */
const AT_START =
  /^(OTEL_SDK_DISABLED|OTEL_LOG_LEVEL|OTEL_(METRICS|TRACES|LOGS)_EXPORTER|SIGNAL_SPOOL_DIR|SIGNAL_LIVE|DATADOG_ENABLED|(DATADOG|DD)_API_KEY)$/i;

/**
 * The variable that asks for what @opentelemetry/sdk-node alone has. Looked at in each start, so without the table.
 */
export function asksForNodeSdk(environment: Environment): string | undefined {
  if (isOneOf(environment.OTEL_SDK_DISABLED, ['true'])) return undefined;
  if (isSet('OTEL_CONFIG_FILE', environment)) return 'OTEL_CONFIG_FILE';
  return Object.keys(BY_NODE_SDK).find((variable) => isOneOf(environment[variable], BY_NODE_SDK[variable] ?? []));
}

function isOneOf(text: string | undefined, names: readonly string[]): boolean {
  return text?.split(',').some((name) => names.includes(name.trim().toLowerCase())) ?? false;
}

/** Whether a start has to read the environment, or may do as by default. */
export function decidesStart(environment: Environment): boolean {
  return Object.keys(environment).some((name) => AT_START.test(name));
}

/**
 * Reads the environment. A value that a setting does not take is told to `warn`, with the value and what holds instead;
 * so is a misspelt variable.
 */
export function readConfig(environment: Environment, warn: (message: string) => void): Config {
  if (!Object.keys(environment).some((name) => OURS.test(name))) return defaults;
  const { config, readings } = loadReader().readSettings(environment);
  for (const { problem, from } of readings) if (problem !== undefined) warn(`${from} ${problem}`);
  return config;
}

/** Loaded where something is set. */
function loadReader(): typeof import('./settings-reader.ts') {
  return load(import.meta.url, 'settings-reader');
}

/** The name of an OTLP exporter's variable, for one signal or for all. */
export function otlpVariable(option: string, signal?: SignalKind): string {
  return `OTEL_EXPORTER_OTLP_${signal === undefined ? '' : `${signal.toUpperCase()}_`}${option}`;
}

/** Whether the user has decided the named option of the OTLP exporter, for one signal or for all. */
export function isOtlpOptionSet(option: string, signal: SignalKind, environment: Environment): boolean {
  return isSet(otlpVariable(option, signal), environment) || isSet(otlpVariable(option), environment);
}

const OTLP_ENDPOINT = /^OTEL_EXPORTER_OTLP_((METRICS|TRACES|LOGS)_)?ENDPOINT$/;

/** Whether an OTLP receiver is named, for one signal at least. */
export function isEndpointSet(environment: Environment): boolean {
  return Object.keys(environment).some((variable) => OTLP_ENDPOINT.test(variable) && isSet(variable, environment));
}

/** The account whose key the environment has; `undefined` where there is none, or it is not to be used. */
export function datadogAccount(config: Config): DatadogAccount | undefined {
  const { datadogEnabled, datadogApiKey: apiKey } = config;
  if (datadogEnabled === false || apiKey === undefined) return undefined;
  return { apiKey, ...datadogUrls(config) };
}

/** Where Datadog is to be asked, and sent to. */
export function datadogUrls(config: Config): Pick<DatadogAccount, 'apiUrl' | 'otlpUrl'> {
  const { datadogSite: site, datadogApiUrl, datadogOtlpUrl } = config;
  const withoutSlash = (url: string) => url.replace(/\/+$/, '');
  return {
    apiUrl: withoutSlash(datadogApiUrl ?? `https://api.${site}`),
    otlpUrl: withoutSlash(datadogOtlpUrl ?? `https://otlp.${site}`),
  };
}

/**
 * Whether OTLP goes straight to Datadog. A key alone does not do it, as processes have it for other reasons; and where an
 * OTLP endpoint is named, that is where it goes.
 */
export function isDirect(config: Config, environment: Environment): boolean {
  return config.datadogEnabled === true && datadogAccount(config) !== undefined && !isEndpointSet(environment);
}

/** The OpenTelemetry specification treats an empty variable as one that is not set. */
export function isSet(variable: string, environment: Environment): boolean {
  return (environment[variable] ?? '').trim() !== '';
}
