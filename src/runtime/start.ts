import type { DeliveryKind } from '../delivery/request.ts';
import type { SignalStatus } from '../delivery/status.ts';
import { watchRequests } from '../instrumentation/watch.ts';
import { beforeFirstMessage, log, warnOnce } from '../otel/diagnostics.ts';
import { load } from '../otel/load.ts';
import { asksForNodeSdk, type Config, decidesStart, defaults, type Environment, readConfig } from './config.ts';
import type { NodeSdkTelemetry } from './node-sdk.ts';
import { endWithParentThread, onProcessEnd, withinDeadline } from './shutdown.ts';
import { Telemetry } from './telemetry.ts';

/** The running telemetry of this process. */
export interface SignalOtel {
  /**
   * Sends what has been recorded so far; resolves when it is sent, or cannot be in SIGNAL_SHUTDOWN_TIMEOUT (5 s). Never
   * rejects.
   */
  forceFlush(): Promise<void>;
  /** Sends what has been recorded and stops; resolves as `forceFlush` does. Never rejects. */
  shutdown(): Promise<void>;
}

/** How delivery goes, by OTLP and to Datadog's own endpoints. */
export interface PipelineStatus {
  /**
   * - `off`: nothing was started, nothing is delivered anywhere, or `@opentelemetry/sdk-node` delivers;
   * - `idle`: nothing has been sent yet;
   * - `delivering`: what was sent last has arrived;
   * - `failing`: it has not, for one signal at least.
   */
  readonly state: 'off' | 'idle' | 'delivering' | 'failing';
  /** What waits to be sent: how many requests, and their size as they go over the wire. */
  readonly queue: { readonly requests: number; readonly bytes: number };
  /** By kind; empty where nothing was started. */
  readonly signals: Readonly<Partial<Record<DeliveryKind, SignalStatus>>>;
  /**
   * Series that live in this process, in all (at most `SIGNAL_MAX_SERIES`) and by metric. A histogram has one for each
   * metrics exporter.
   */
  readonly series: { readonly live: number; readonly byMetric: Readonly<Record<string, number>> };
}

/** Of the time that an end may take; the rest is for saying what was lost. */
const SENDING_SHARE = 0.9;

/** A process that ends sooner has no use for its GPUs' tool. */
const GPU_DELAY_MILLIS = 1_000;
const MAX_GPU_ATTEMPTS = 60;

const idle: SignalOtel = {
  async forceFlush() {},
  async shutdown() {},
};

let running: SignalOtel | undefined;
let telemetry: Telemetry | undefined;
/** Loaded with the first request that may be Signal's. */
let instrumentation: typeof import('./instrumentation.ts') | undefined;

/**
 * Starts the telemetry of this process from the environment's settings, as `--require signal-otel/register` does.
 * A second call gives the same handle. Never throws: where the start fails, the reason is logged, the handle does
 * nothing, and training goes on.
 */
export function start(): SignalOtel {
  return startIn(process.env);
}

/**
 * The same with other settings than the process has, for a command of the package's own. Where they have no say: the
 * variables of the OTLP exporters, and all that sdk-node reads, are the process's.
 */
export function startIn(environment: Environment): SignalOtel {
  running ??= startOnce(environment);
  return running;
}

/** How delivery goes in this process, now. Never throws. */
export function getPipelineStatus(): PipelineStatus {
  const { queue, status } = telemetry?.delivery ?? {};
  const signals: PipelineStatus['signals'] = status?.all() ?? {};
  const all = Object.values(signals);
  const state = () => {
    if (telemetry === undefined) return 'off';
    if (all.some(({ failure }) => failure !== undefined)) return 'failing';
    return all.some(({ lastSuccessMillis }) => lastSuccessMillis !== undefined) ? 'delivering' : 'idle';
  };
  return {
    state: state(),
    queue: { requests: queue?.length ?? 0, bytes: queue?.bytes ?? 0 },
    signals,
    series: telemetry?.series ?? { live: 0, byMetric: {} },
  };
}

function startOnce(environment: Environment): SignalOtel {
  try {
    const readWhole = () => {
      const problems: string[] = [];
      const config = readConfig(environment, (problem) => problems.push(problem));
      // At a level that the user asks for the SDK's messages show, too, from the first on.
      if (config.logLevel !== undefined) loadDiagnostics().installLogger(config.logLevel);
      for (const problem of problems) log.warn(problem);
      return config;
    };
    beforeFirstMessage(() => loadDiagnostics().installLogger(undefined));
    const asking = asksForNodeSdk(environment);
    const handedOver = asking === undefined ? undefined : loadNodeSdk().handOver(asking, environment);
    if (handedOver !== undefined) {
      showLive(handedOver.config, () => {});
      return handleOf(handedOver, { catchUp() {}, end: () => handedOver.unwatch() });
    }
    const atStart = decidesStart(environment) ? readWhole() : defaults;
    if (atStart.disabled) return idle;

    const started = new Telemetry({
      atStart,
      readConfig: () => {
        // Something is recorded from now on.
        endWithParentThread({
          end: () => {
            calls.end();
            started.end();
          },
          timeoutMillis: () => started.config.shutdownTimeoutMillis,
        });
        const config = atStart === defaults ? readWhole() : atStart;
        followGpusSoon(config.gpuIntervalMillis);
        return config;
      },
      environment,
      fail: (what, error) => warnOnce(what, `${what}, training goes on: ${messageOf(error)}`),
    });
    telemetry = started;
    started.register();
    // What follows the GPUs comes with the configuration, which nobody asks for where nothing is exported.
    showLive(atStart, () => void started.config);
    const stopWatching = watchRequests(() => loadInstrumentation().watcherOf(started.config));
    const calls = {
      catchUp: () => instrumentation?.doNow(),
      end: () => {
        stopWatching();
        instrumentation?.endFollowing();
      },
    };
    // Even a message that nobody sees loads what is needed to write it.
    if (atStart.logLevel !== undefined) log.debug(`started: ${atStart.metricsExporters.join(', ') || 'no metrics'}`);
    return handleOf(started, calls);
  } catch (error) {
    log.error(`not started, training goes on without telemetry: ${messageOf(error)}`);
    return idle;
  }
}

/** The calls that are being followed. */
interface Calls {
  /** Records what is known of them by now. */
  catchUp(): void;
  /** The same, and ends what is open. */
  end(): void;
}

function handleOf(telemetry: Telemetry | NodeSdkTelemetry, calls: Calls): SignalOtel {
  let stopped: Promise<void> | undefined;
  const within = async (what: string, work: (deadline: number) => Promise<void>): Promise<void> => {
    if (telemetry.isIdle) return;
    const { shutdownTimeoutMillis: timeoutMillis } = telemetry.config;
    await withinDeadline(what, work(performance.now() + timeoutMillis * SENDING_SHARE), timeoutMillis);
  };
  const stop = async () => {
    calls.end();
    await within('shutdown', (deadline) => telemetry.shutdown(deadline));
    telemetry.close();
    forget();
  };
  const shutdown = () => {
    stopped ??= stop();
    return stopped;
  };
  const forceFlush = () => {
    calls.catchUp();
    return stopped ?? within('flush', (deadline) => telemetry.forceFlush(deadline));
  };
  const forget = onProcessEnd({
    flush: forceFlush,
    settle: () => {
      calls.catchUp();
      return telemetry.isUnsettled ? within('flush', (deadline) => telemetry.settle(deadline)) : undefined;
    },
    shutdown,
    end: () => {
      calls.end();
      telemetry.end();
    },
    timeoutMillis: () => telemetry.config.shutdownTimeoutMillis,
  });
  return { shutdown, forceFlush };
}

function showLive({ live, livePort }: Config, onFirstRun: () => void): void {
  if (!live) return;
  const { startLive } = load<typeof import('../live/live.ts')>(import.meta.url, '../live/live');
  startLive({ port: livePort, onFirstRun });
}

function loadInstrumentation(): typeof import('./instrumentation.ts') {
  instrumentation ??= load<typeof import('./instrumentation.ts')>(import.meta.url, 'instrumentation');
  return instrumentation;
}

function followGpusSoon(intervalMillis: number, attempts = MAX_GPU_ATTEMPTS): void {
  setTimeout(() => {
    try {
      loadGpus().followGpus({ intervalMillis });
    } catch {
      // Files that the host imports at this moment cannot be had.
      if (attempts > 1) followGpusSoon(intervalMillis, attempts - 1);
    }
  }, GPU_DELAY_MILLIS).unref();
}

function loadGpus(): typeof import('../instrumentation/gpu-runs.ts') {
  return load(import.meta.url, '../instrumentation/gpu-runs');
}

/** Loaded where the environment asks for what only @opentelemetry/sdk-node has. */
function loadNodeSdk(): typeof import('./node-sdk.ts') {
  return load(import.meta.url, 'node-sdk');
}

function loadDiagnostics(): typeof import('./diagnostics.ts') {
  return load(import.meta.url, 'diagnostics');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
