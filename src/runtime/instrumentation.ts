import type { LoggerProvider, MeterProvider, TracerProvider } from '@opentelemetry/api';
import { followClient, type TrainingClientOptions } from '../instrumentation/client.ts';
import { addRuns, followGpus } from '../instrumentation/gpu-runs.ts';
import { createHttpWatcher } from '../instrumentation/http-watcher.ts';
import type { RunOptions } from '../instrumentation/runs.ts';
import { CallTracker, type CallTrackerOptions } from '../instrumentation/tracker.ts';
import { type RequestWatcher, watchRequests } from '../instrumentation/watch.ts';
import { readOptions, requireTags } from '../otel/options.ts';
import { VERSION } from '../otel/version.ts';
import { checkSampleRatio } from '../run/collector-options.ts';
import { checkHealth } from '../run/health-options.ts';
import { checkOmitted } from '../run/omitted.ts';
import { type Config, readConfig } from './config.ts';

export type { TrainingClientOptions } from '../instrumentation/client.ts';
export { doNow } from '../instrumentation/later.ts';

export interface SignalInstrumentationConfig
  extends Pick<RunOptions, 'tags' | 'omitAttributes' | 'runSampleRatio' | 'health'> {
  /** `false`: off until `enable()` is called. Default true. */
  readonly enabled?: boolean | undefined;
  /**
   * Base URLs of Signal's API. Default: `SIGNAL_BASE_URL`; where that is unset too, any request whose path names a run as
   * Signal does (`/runs/run_0123456789abcdef/forward_backward`) is taken for one of its.
   */
  readonly baseUrls?: readonly string[] | undefined;
  /** Milliseconds between two looks at this machine's GPUs; 0: none. Default: `SIGNAL_GPU_INTERVAL`, else 10 000. */
  readonly gpuIntervalMillis?: number | undefined;
}

const OPTIONS = [
  'enabled',
  'baseUrls',
  'tags',
  'omitAttributes',
  'runSampleRatio',
  'health',
  'gpuIntervalMillis',
] as const satisfies readonly (keyof SignalInstrumentationConfig)[];

/** What follows the calls of this process. */
interface Following {
  readonly tracker: CallTracker;
  readonly watcher: RequestWatcher;
  close(): void;
}

let ofEnvironment: Following | undefined;

/** From the environment's settings. */
const followEnvironment = () => {
  ofEnvironment ??= follow(
    {},
    readConfig(process.env, () => {}),
  );
  return ofEnvironment;
};

/** What wrapped clients go by: the instrumentation that was enabled last, else the environment's settings. */
let following: () => Following = followEnvironment;

const blind: RequestWatcher = { onHttpRequest() {}, onUndiciRequest() {}, close() {} };

/** What a start has the requests of the process watched by. */
export function watcherOf({ instrumentation }: Config): RequestWatcher {
  return instrumentation ? followEnvironment().watcher : blind;
}

/** Ends the spans of calls whose outcome will not be learnt any more. */
export function endFollowing(): void {
  ofEnvironment?.tracker.close();
}

function follow(
  options: SignalInstrumentationConfig & Omit<CallTrackerOptions, 'idleTimeoutMillis'>,
  config: Config,
): Following {
  const { baseUrls = config.baseUrls, gpuIntervalMillis = config.gpuIntervalMillis } = options;
  const {
    meterProvider,
    tracerProvider,
    loggerProvider,
    readsLater,
    tags = config.tags,
    omitAttributes = config.omitAttributes,
    runSampleRatio = config.runSampleRatio,
    health = config.health,
  } = options;
  const idleTimeoutMillis = config.idleTimeoutMillis;
  const tracker = new CallTracker({
    tags,
    omitAttributes,
    runSampleRatio,
    health,
    idleTimeoutMillis,
    meterProvider,
    tracerProvider,
    loggerProvider,
    readsLater,
  });
  const watcher = createHttpWatcher(baseUrls ?? [], tracker);
  const removeRuns = addRuns(() => tracker.runs.collectors());
  if (!config.disabled) followGpus({ intervalMillis: gpuIntervalMillis, meterProvider });
  return {
    tracker,
    watcher,
    close: () => {
      tracker.close();
      watcher.close();
      removeRuns();
      tracker.runs.endAll();
    },
  };
}

const NAME = 'signal-otel';

/**
 * Makes the calls of Signal's API visible, in an OpenTelemetry SDK of the host's own:
 * `new NodeSDK({ instrumentations: [new SignalInstrumentation()] })`. `signal-otel/register` has it on.
 *
 * It is an instrumentation of `@opentelemetry/instrumentation` by its interface. It does not extend that package's base
 * class, which patches modules: nothing is patched here, and loading it takes as long as loading the OpenTelemetry API.
 */
export class SignalInstrumentation {
  readonly instrumentationName = NAME;
  readonly instrumentationVersion: string = VERSION;
  #config: SignalInstrumentationConfig & { readonly enabled: boolean };
  #providers: Pick<RunOptions, 'meterProvider' | 'tracerProvider' | 'loggerProvider'> = {};
  #following: Following | undefined;
  #stop: (() => void) | undefined;

  /** @throws TypeError on an unknown or unusable option. */
  constructor(config: SignalInstrumentationConfig = {}) {
    this.#config = checked(config);
    if (this.#config.enabled) this.enable();
  }

  enable(): void {
    this.#stop ??= watchRequests(() => this.#follow().watcher);
    following = this.#follow;
  }

  disable(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#following?.close();
    this.#following = undefined;
    if (following === this.#follow) following = followEnvironment;
  }

  /** Default: the globally registered one. Holds for runs that begin after it. */
  setTracerProvider(tracerProvider: TracerProvider): void {
    this.#providers = { ...this.#providers, tracerProvider };
  }

  /** Default: the globally registered one. Holds for runs that begin after it. */
  setMeterProvider(meterProvider: MeterProvider): void {
    this.#providers = { ...this.#providers, meterProvider };
  }

  /** Default: the globally registered one. Holds for runs that begin after it. */
  setLoggerProvider(loggerProvider: LoggerProvider): void {
    this.#providers = { ...this.#providers, loggerProvider };
  }

  setConfig(config: SignalInstrumentationConfig): void {
    this.#config = checked(config);
  }

  getConfig(): SignalInstrumentationConfig & { readonly enabled: boolean } {
    return this.#config;
  }

  /** With the first call: what it takes until then is in place by then. */
  readonly #follow = (): Following => {
    this.#following ??= follow(
      { ...this.#config, ...this.#providers },
      readConfig(process.env, () => {}),
    );
    return this.#following;
  };
}

function checked(config: SignalInstrumentationConfig) {
  const where = 'SignalInstrumentation';
  const options = readOptions(where, config, OPTIONS);
  const { enabled = true, baseUrls, tags, omitAttributes, runSampleRatio, health, gpuIntervalMillis } = options;
  if (typeof enabled !== 'boolean') throw new TypeError(`${where}: enabled must be true or false`);
  if (baseUrls !== undefined && !(Array.isArray(baseUrls) && baseUrls.every(isHttpUrl))) {
    throw new TypeError(`${where}: baseUrls must be http:// or https:// URLs in an array`);
  }
  requireTags(where, 'tags', tags);
  if (gpuIntervalMillis !== undefined && !(Number.isSafeInteger(gpuIntervalMillis) && gpuIntervalMillis >= 0)) {
    throw new TypeError(`${where}: gpuIntervalMillis must be a whole number from 0`);
  }
  const omitted = omitAttributes && checkOmitted(`${where}: omitAttributes`, omitAttributes);
  checkSampleRatio(where, runSampleRatio);
  checkHealth(where, health);
  return { enabled, baseUrls, tags, omitAttributes: omitted, runSampleRatio, health, gpuIntervalMillis };
}

function isHttpUrl(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/**
 * Makes a client's calls visible, whatever they go by: those of its methods `forward_backward`, `optim_step`, `sample`,
 * `save_state`, in snake_case or camelCase, with or without `Async`. What they take, give and throw stays as it is. A
 * call whose HTTP request is seen too is counted once.
 * @returns the client itself, its methods replaced; where it is frozen, one that stands for it.
 * @throws TypeError where the client has no such method.
 */
export function instrumentTrainingClient<Client extends object>(
  client: Client,
  options: TrainingClientOptions = {},
): Client {
  return followClient(client, options, () => following().tracker);
}
