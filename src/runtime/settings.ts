import type { SignalKind } from '../delivery/request.ts';
import { otlpVariable } from './config.ts';
import {
  attributes,
  choice,
  domain,
  exactChoice,
  flag,
  headers,
  health,
  httpUrl,
  httpUrls,
  key,
  list,
  logLevel,
  omitted,
  optional,
  path,
  positiveNumber,
  problemOfOmitted,
  protocol,
  readableFile,
  type Schema,
  share,
  tagList,
  text,
  toggle,
  wholeNumber,
} from './schemas.ts';

/** One setting. Its default is in `defaults` of config.ts, under the same key. */
export interface Setting<Value> {
  /** The first one set counts. */
  readonly variables: readonly [string, ...string[]];
  /** The variable that sets it for one signal, where there is one. */
  signalVariable?(signal: SignalKind): string;
  readonly schema: Schema<Value>;
  /** In Markdown. */
  readonly meaning: string;
  /** `all`: nothing of the value may be shown; `url`: no more than scheme, host and path. */
  readonly secret?: 'all' | 'url';
  /**
   * What comes of a bad value, where that is not that the next value holds: of the variable for all signals, else the
   * default.
   * @param text the bad value.
   * @param hasNext whether it is one signal's, and there is a good value for all signals.
   */
  ifBad?(text: string, hasNext: boolean): string | undefined;
}

/** A setting of the OTLP exporters, which one signal can have of its own. */
interface OtlpSetting<Value> extends Setting<Value> {
  signalVariable(signal: SignalKind): string;
}

export type ValueOf<S> = S extends Setting<infer Value> ? Value : never;

/** In a meaning, of what the package hands over. */
const byNodeSdk = 'by [`@opentelemetry/sdk-node`](hosts.md#what-only-sdk-node-has)';

const withoutFile = { ifBad: () => 'the connection does without it' };

/**
 * Everything that the environment decides, in the order in which users are shown it. What the official exporters and
 * detectors read themselves is here too, and taken as they take it, since they tell nobody of what they ignore.
 */
export const settings = {
  endpoint: otlp('ENDPOINT', httpUrl, 'where to send; `/v1/metrics`, `/v1/traces`, `/v1/logs` are added', {
    secret: 'url',
    // Of a URL that is not HTTP's, such as localhost:4318, the exporters make requests that fail.
    ifBad: (url) => (URL.canParse(url) ? 'nothing can be sent there' : undefined),
  }),
  protocol: otlp('PROTOCOL', protocol, `how to send; \`grpc\` ${byNodeSdk}`),
  headers: otlp('HEADERS', optional(headers), "sent with every request, such as a backend's API key", {
    secret: 'all',
    ifBad: () => 'the pairs in it are sent, the rest is ignored',
  }),
  timeoutMillis: otlp('TIMEOUT', positiveNumber, 'milliseconds that one request may take'),
  compression: otlp('COMPRESSION', exactChoice(['gzip', 'none']), "the standard's default is `none`", {
    ifBad: (_, hasNext) => (hasNext ? undefined : 'nothing is compressed'),
  }),
  certificate: otlp('CERTIFICATE', optional(readableFile), 'PEM of the authorities to trust by TLS', withoutFile),
  clientCertificate: otlp('CLIENT_CERTIFICATE', optional(readableFile), "PEM of the client's certificate", withoutFile),
  clientKey: otlp('CLIENT_KEY', optional(readableFile), "PEM of the client's private key", withoutFile),
  metricsExporters: {
    variables: ['OTEL_METRICS_EXPORTER'],
    schema: list(['otlp', 'prometheus', 'console']),
    meaning: 'where metrics go',
  },
  tracesExporters: {
    variables: ['OTEL_TRACES_EXPORTER'],
    schema: list(['otlp', 'console'], { zipkin: 'otlp' }),
    meaning: `where spans go; the default is \`none\` [where metrics stay local](../../README.md#where-the-data-goes); \`zipkin\` ${byNodeSdk}`,
  },
  logsExporters: {
    variables: ['OTEL_LOGS_EXPORTER'],
    schema: list(['otlp', 'console']),
    meaning: 'the same, for events, service checks and log records of your own',
  },
  exportIntervalMillis: {
    variables: ['OTEL_METRIC_EXPORT_INTERVAL'],
    schema: wholeNumber(1),
    meaning: "milliseconds between exports (the standard's default is 60000)",
  },
  exportTimeoutMillis: {
    variables: ['OTEL_METRIC_EXPORT_TIMEOUT'],
    schema: wholeNumber(1),
    meaning: 'milliseconds for one export, at most the interval',
  },
  temporality: {
    variables: ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'],
    schema: choice(['delta', 'cumulative', 'lowmemory']),
    meaning: "of sums and histograms by OTLP (the standard's default is `cumulative`)",
  },
  histograms: {
    variables: ['OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION'],
    schema: choice(['base2_exponential_bucket_histogram', 'explicit_bucket_histogram']),
    meaning: 'the buckets of histograms by OTLP',
  },
  stepResolution: {
    variables: ['SIGNAL_STEP_RESOLUTION'],
    schema: choice(['1s', 'all', 'last']),
    meaning: 'which values of a gauge become points by OTLP ([Every step](reliability.md#every-step))',
  },
  maxSeries: {
    variables: ['SIGNAL_MAX_SERIES'],
    schema: wholeNumber(1_000),
    meaning: 'how many series may live at a time ([Many runs](scale.md#many-runs))',
  },
  idleTimeoutMillis: {
    variables: ['SIGNAL_SERIES_IDLE_TIMEOUT'],
    schema: wholeNumber(1_000),
    meaning: 'milliseconds without a value until a series is forgotten',
  },
  spoolFolder: {
    variables: ['SIGNAL_SPOOL_DIR'],
    schema: optional(path),
    meaning:
      'a folder for what is not delivered: the next process that starts with it delivers it. Unset: kept in memory only',
  },
  queueMaxBytes: {
    variables: ['SIGNAL_QUEUE_MAX_BYTES'],
    schema: wholeNumber(65_536),
    meaning: 'bytes that may wait for delivery; beyond them the oldest goes first',
  },
  shutdownTimeoutMillis: {
    variables: ['SIGNAL_SHUTDOWN_TIMEOUT'],
    schema: wholeNumber(0, 600_000),
    meaning: 'milliseconds that the end of the process may wait for delivery',
  },
  prometheusHost: {
    variables: ['OTEL_EXPORTER_PROMETHEUS_HOST'],
    schema: text,
    meaning: 'where the Prometheus endpoint listens',
  },
  prometheusPort: {
    variables: ['OTEL_EXPORTER_PROMETHEUS_PORT'],
    schema: wholeNumber(0, 65_535),
    meaning: 'its port; the next free one if taken; 0 lets the system choose',
  },
  live: {
    variables: ['SIGNAL_LIVE'],
    schema: toggle,
    meaning:
      'whether the process shows its runs on a page of its own. Where no exporter and no endpoint is named beside it, the exporters are `none`: nothing leaves the process',
  },
  livePort: {
    variables: ['SIGNAL_LIVE_PORT'],
    schema: wholeNumber(0, 65_535),
    meaning: 'the port of that page, on 127.0.0.1; the next free one if taken; 0 lets the system choose',
  },
  propagators: {
    variables: ['OTEL_PROPAGATORS'],
    schema: list(['tracecontext', 'baggage'], { b3: 'tracecontext', b3multi: 'tracecontext' }),
    meaning: `headers by which a trace goes on in another process; \`b3\` and \`b3multi\` ${byNodeSdk}`,
  },
  sampler: {
    variables: ['OTEL_TRACES_SAMPLER'],
    schema: choice([
      'parentbased_always_on',
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ]),
    meaning: 'which traces are kept',
  },
  samplerRatio: {
    variables: ['OTEL_TRACES_SAMPLER_ARG'],
    schema: share,
    meaning: 'how many traces a `traceidratio` sampler keeps',
  },
  serviceName: {
    variables: ['OTEL_SERVICE_NAME', 'DD_SERVICE'],
    schema: text,
    meaning: 'the service name',
  },
  serviceVersion: {
    variables: ['DD_VERSION'],
    schema: optional(text),
    meaning: "the service's version",
  },
  environment: {
    variables: ['DD_ENV'],
    schema: optional(text),
    meaning: 'the environment, such as `staging`',
  },
  resourceAttributes: {
    variables: ['OTEL_RESOURCE_ATTRIBUTES'],
    schema: optional(attributes),
    meaning: 'about the process, on everything it sends; wins over `DD_SERVICE`, `DD_VERSION` and `DD_ENV`',
  },
  instrumentation: {
    variables: ['SIGNAL_INSTRUMENTATION'],
    schema: flag,
    meaning: "`false`: calls of Signal's API are not followed ([Zero code](zero-code.md))",
  },
  baseUrls: {
    variables: ['SIGNAL_BASE_URL'],
    schema: optional(httpUrls),
    meaning: "where Signal's API is. Unset: wherever a path names a run as Signal does",
    secret: 'url',
  },
  tags: {
    variables: ['SIGNAL_TAGS'],
    schema: optional(tagList),
    meaning: 'attributes of every run whose calls are followed',
  },
  omitAttributes: {
    variables: ['SIGNAL_OMIT_ATTRIBUTES'],
    schema: omitted,
    meaning:
      'attributes that the metrics of such a run do without, all of them or those named ([Cost](scale.md#cost-at-datadog))',
    ifBad: (text) => problemOfOmitted(text),
  },
  runSampleRatio: {
    variables: ['SIGNAL_RUN_SAMPLE_RATIO'],
    schema: share,
    meaning:
      'the share of such runs that send metrics, chosen by the run id; the others send alarms, events and spans ([Many runs](scale.md#many-runs))',
  },
  health: {
    variables: ['SIGNAL_HEALTH'],
    schema: optional(health),
    meaning: 'how the health of such a run is judged ([Health](health.md))',
  },
  gpuIntervalMillis: {
    variables: ['SIGNAL_GPU_INTERVAL'],
    schema: wholeNumber(0),
    meaning: "milliseconds between two looks at this machine's GPUs; 0: none",
  },
  datadogEnabled: {
    variables: ['DATADOG_ENABLED'],
    schema: optional(flag),
    meaning:
      '`true`: with a key and no OTLP endpoint, everything goes [straight to Datadog](datadog.md#without-a-collector). `false`: the keys are not used',
  },
  datadogApiKey: {
    variables: ['DATADOG_API_KEY', 'DD_API_KEY'],
    schema: optional(key),
    meaning: "Datadog's API key: events and service checks go to Datadog, too",
    secret: 'all',
    ifBad: () => 'nothing goes to Datadog by it',
  },
  datadogAppKey: {
    variables: ['DATADOG_APP_KEY', 'DD_APP_KEY'],
    schema: optional(key),
    meaning: "Datadog's application key, for `signal-otel datadog` and `signal-otel doctor`",
    secret: 'all',
    ifBad: () => 'nothing is changed at Datadog by it',
  },
  datadogSite: {
    variables: ['DD_SITE', 'DATADOG_SITE'],
    schema: domain,
    meaning: "Datadog's site, such as `us3.datadoghq.com` or `datadoghq.eu`",
  },
  datadogApiUrl: {
    variables: ['DATADOG_HOST'],
    schema: optional(httpUrl),
    meaning: "Datadog's API, where it is not `https://api.` and the site: a proxy",
    secret: 'url',
  },
  datadogOtlpUrl: {
    variables: ['DATADOG_OTLP_ENDPOINT'],
    schema: optional(httpUrl),
    meaning: "Datadog's OTLP intake, where it is not `https://otlp.` and the site",
    secret: 'url',
  },
  logLevel: {
    variables: ['OTEL_LOG_LEVEL'],
    schema: optional(logLevel),
    meaning: "what is told on stderr. Unset: this package's messages from `info` on, none of the SDK's",
  },
  disabled: {
    variables: ['OTEL_SDK_DISABLED'],
    schema: flag,
    meaning: '`true` starts nothing',
  },
  configFile: {
    variables: ['OTEL_CONFIG_FILE'],
    schema: optional(readableFile),
    meaning: `OpenTelemetry's declarative configuration, in YAML; in the place of most variables, ${byNodeSdk}`,
    ifBad: () => '@opentelemetry/sdk-node starts nothing then',
  },
} satisfies Readonly<Record<string, Setting<unknown>>>;

export type Settings = typeof settings;

function otlp<Value>(
  option: string,
  schema: Schema<Value>,
  meaning: string,
  more: Pick<Setting<Value>, 'secret' | 'ifBad'> = {},
): OtlpSetting<Value> {
  return {
    variables: [otlpVariable(option)],
    signalVariable: (signal) => otlpVariable(option, signal),
    schema,
    meaning,
    ...more,
  };
}
