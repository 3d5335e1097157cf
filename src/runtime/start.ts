import { log } from '../otel/diagnostics.ts';
import { type Environment, otlpEndpoint, readConfig } from './config.ts';
import { installLogger } from './diagnostics.ts';
import { onProcessEnd, SHUTDOWN_DEADLINE_MILLIS, withinDeadline } from './shutdown.ts';
import { Telemetry } from './telemetry.ts';

/** The running telemetry of this process. */
export interface SignalOtel {
  /** Sends what has been recorded so far; resolves when it is sent or 5 s have passed. Never rejects. */
  forceFlush(): Promise<void>;
  /** Sends what has been recorded and stops; resolves when it is done or 5 s have passed. Never rejects. */
  shutdown(): Promise<void>;
}

const idle: SignalOtel = {
  async forceFlush() {},
  async shutdown() {},
};

let running: SignalOtel | undefined;

/**
 * Starts the telemetry of this process from the environment's settings, as `--require signal-otel/register` does.
 * A second call gives the same handle. Never throws: where the start fails, the reason is logged, the handle does
 * nothing, and training goes on.
 */
export function start(): SignalOtel {
  running ??= startOnce(process.env);
  return running;
}

function startOnce(environment: Environment): SignalOtel {
  try {
    const problems: string[] = [];
    const config = readConfig(environment, (problem) => problems.push(problem));
    installLogger(config.logLevel);
    for (const problem of problems) log.warn(problem);
    if (config.disabled) return idle;

    const telemetry = new Telemetry(config, environment);
    telemetry.register();
    log.debug(
      `started: ${config.metricsExporters.join(', ') || 'no metrics'} to ${otlpEndpoint('metrics', environment)}`,
    );
    return handleOf(telemetry);
  } catch (error) {
    log.error(`not started, training goes on without telemetry: ${error instanceof Error ? error.message : 'unknown'}`);
    return idle;
  }
}

function handleOf(telemetry: Telemetry): SignalOtel {
  let stopped: Promise<void> | undefined;
  const shutdown = () => {
    stopped ??= withinDeadline('shutdown', telemetry.shutdown(), SHUTDOWN_DEADLINE_MILLIS).finally(forget);
    return stopped;
  };
  const flush = () => stopped ?? withinDeadline('flush', telemetry.forceFlush(), SHUTDOWN_DEADLINE_MILLIS);
  const forget = onProcessEnd({ flush, shutdown });
  return { shutdown, forceFlush: flush };
}
