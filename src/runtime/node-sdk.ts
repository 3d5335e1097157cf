import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { diag, logs, metrics, trace } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { type ApiGlobal, isRegistered } from '../otel/api-globals.ts';
import { log, warnOnce } from '../otel/diagnostics.ts';
import { signalViews } from '../otel/views.ts';
import { type Config, type Environment, isSet } from './config.ts';
import { installLogger } from './diagnostics.ts';
import { SignalInstrumentation } from './instrumentation.ts';
import { createResource } from './resource.ts';
import { type Reading, readSettings } from './settings-reader.ts';

const NODE_SDK = '@opentelemetry/sdk-node';
/** The version that the tests run. */
const VERSION = '0.301.0';

const PROVIDERS: readonly ApiGlobal[] = ['metrics', 'trace', 'logs'];

/** What is the package's even so. sdk-node reads the other variables itself, and tells what it does not take. */
const OWN = /^(SIGNAL_\w+|DD_\w+|OTEL_(LOG_LEVEL|SERVICE_NAME|RESOURCE_ATTRIBUTES))$/;

type NodeSdkModule = typeof import('@opentelemetry/sdk-node');

/**
 * Has sdk-node start the telemetry of this process.
 * @param asking the variable that asks for it.
 * @returns `undefined` where that cannot be, which is told: the package's own pipeline does then what it can.
 */
export function handOver(asking: string, environment: Environment): NodeSdkTelemetry | undefined {
  const { config, readings } = readSettings(environment);
  if (PROVIDERS.some(isRegistered)) {
    // The variable is meant for the host's SDK; a second one would send everything twice.
    if (!PROVIDERS.every(isRegistered)) {
      installLogger(config.logLevel);
      log.warn(
        `${asking} holds for the providers that this process has registered; the others send without ${NODE_SDK}`,
      );
    }
    return undefined;
  }
  const { sdk, problem } = loadSdk();
  // What goes wrong from here on nobody but the SDK tells.
  installLogger(config.logLevel, sdk && tell);
  if (sdk === undefined) {
    log.warn(`${asking} asks for what only ${NODE_SDK} does; ${problem}. The package does without it`);
    return undefined;
  }
  for (const told of problemsOf(readings)) log.warn(told);
  if (config.spoolFolder !== undefined) log.warn(`SIGNAL_SPOOL_DIR has no effect: ${asking} has ${NODE_SDK} deliver`);
  setGlobalErrorHandler((error) => tell([error]));
  const instrumentations = config.instrumentation ? [new SignalInstrumentation()] : [];
  withoutItsLogger(() => startSdk(sdk, instrumentations, config, environment));
  log.debug(`started by ${NODE_SDK}, as ${asking} asks`);
  return new NodeSdkTelemetry(config, instrumentations);
}

/** The providers that sdk-node has registered, with the same part in the end of the process as the package's own. */
export class NodeSdkTelemetry {
  readonly config: Config;
  /** Nobody but the SDK knows whether there is something to send. */
  readonly isIdle = false;
  readonly #instrumentations: readonly SignalInstrumentation[];
  readonly #providers: readonly Provider[];
  #isSettled = false;

  constructor(config: Config, instrumentations: readonly SignalInstrumentation[]) {
    this.config = config;
    this.#instrumentations = instrumentations;
    this.#providers = registeredProviders();
  }

  /** Once: what is sent turns the event loop, and its end comes again. */
  get isUnsettled(): boolean {
    return !this.#isSettled;
  }

  /** Ends what is being followed, so that it is sent. */
  unwatch(): void {
    for (const instrumentation of this.#instrumentations) instrumentation.disable();
  }

  async forceFlush(): Promise<void> {
    await this.#all('forceFlush');
  }

  /**
   * Some of the SDK's timers and requests outlive every deadline, Zipkin's for ever, and would keep the process. Nothing
   * else does at its natural end, unless the host goes on by a listener of its own.
   */
  async settle(deadline: number): Promise<void> {
    this.#isSettled = true;
    if (process.listenerCount('beforeExit') > 1) return this.forceFlush();
    const timer = setTimeout(() => {
      log.warn('the process ends at its deadline; what is not delivered by now is lost');
      process.exit();
    }, deadline - performance.now());
    await this.forceFlush();
    clearTimeout(timer);
  }

  async shutdown(): Promise<void> {
    await this.#all('shutdown');
  }

  /** The SDK cannot send without a turn of the event loop, and there is none any more. */
  end(): void {}

  close(): void {}

  async #all(action: keyof Provider): Promise<void> {
    const results = await Promise.allSettled(this.#providers.map(async (provider) => provider[action]?.()));
    for (const result of results) if (result.status === 'rejected') tell([result.reason].flat());
  }
}

interface Provider {
  forceFlush?(): Promise<void>;
  shutdown?(): Promise<void>;
}

function registeredProviders(): Provider[] {
  const tracing = trace.getTracerProvider();
  return [
    metrics.getMeterProvider(),
    // What is registered stands behind a proxy.
    'getDelegate' in tracing && typeof tracing.getDelegate === 'function' ? tracing.getDelegate() : tracing,
    logs.getLoggerProvider(),
  ];
}

function loadSdk(): { readonly sdk?: NodeSdkModule; readonly problem?: string } {
  let isFound = false;
  try {
    const file = fileURLToPath(import.meta.resolve(NODE_SDK));
    isFound = true;
    return { sdk: createRequire(import.meta.url)(file) };
  } catch (error) {
    const isMissing = !isFound && error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    // One that is there may miss what it needs itself.
    return { problem: isMissing ? `npm install ${NODE_SDK}@${VERSION}` : `it does not load: ${messageOf(error)}` };
  }
}

function startSdk(
  { NodeSDK, startNodeSdk }: NodeSdkModule,
  instrumentations: SignalInstrumentation[],
  config: Config,
  environment: Environment,
): void {
  if (isSet('OTEL_CONFIG_FILE', environment)) {
    // What it starts is the file's business alone: it takes no views.
    startNodeSdk({ instrumentations });
    return;
  }
  // And not startNodeSdk, which knows no Zipkin.
  new NodeSDK({
    instrumentations,
    views: signalViews({ histograms: histogramsOf(config) }),
    resource: createResource(config),
    // The SDK's detectors put the command line there, and with it keys.
    autoDetectResources: false,
  }).start();
}

function histogramsOf({ histograms, metricsExporters }: Config): 'exponential' | 'explicit' {
  const isExplicit = histograms === 'explicit_bucket_histogram' || metricsExporters.includes('prometheus');
  return isExplicit ? 'explicit' : 'exponential';
}

/**
 * sdk-node puts a logger of its own in the place of whatever is there, which writes to standard output and hides no
 * secrets. All of its start is done in one turn.
 */
function withoutItsLogger(start: () => void): void {
  const { setLogger } = diag;
  diag.setLogger = () => true;
  try {
    start();
  } finally {
    diag.setLogger = setLogger;
  }
}

function problemsOf(readings: readonly Reading[]): string[] {
  return readings.flatMap(({ from, problem }) =>
    from !== undefined && problem !== undefined && OWN.test(from) ? [`${from} ${problem}`] : [],
  );
}

/** Each message once: a receiver that is away is an error at each export. */
function tell(parts: readonly unknown[]): void {
  const message = `${NODE_SDK}: ${parts.map(messageOf).join(' ')}`;
  warnOnce(message, message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
