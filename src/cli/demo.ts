import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { defaults, isSet } from '../runtime/config.ts';
import { pageOptionsHelp, readPageOptions, UsageError } from './page-options.ts';
import { endAs, runWatched } from './watched-program.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** The repository's `examples/`, compiled. */
const examples = new URL('../examples/', import.meta.url);

/** What of `examples/options.ts` is used here. */
interface Driver {
  readonly trainingUsage: string;
  readonly localKey: Readonly<Record<string, string>>;
  readonly UsageError: typeof UsageError;
  readOptions(args: readonly string[], env: NodeJS.ProcessEnv): object | undefined;
}

const helpWith = (
  trainingUsage: string,
) => `signal-otel demo [options]: trains a policy, and shows the run in the browser

A training server and a driver of it train CartPole by PPO over Signal's API, on this machine, for a few seconds. The page
is there while they do, at http://127.0.0.1:${defaults.livePort}, and what Prometheus would fetch at http://127.0.0.1:${defaults.prometheusPort}/metrics.
Nothing leaves this machine, unless the environment names where telemetry goes (OTEL_EXPORTER_OTLP_ENDPOINT,
OTEL_METRICS_EXPORTER, DATADOG_ENABLED and the like): that holds then, beside the page.

${pageOptionsHelp}

${trainingUsage}

To see more of it:
  signal-otel demo --target-reward 201      asks for more than can be reached, and goes on to step 4000
  signal-otel demo --diverge 64:80          goes wrong for a while: the alarms of health, and what they advise

It ends with 0 when all is as it should be, 1 when something failed, 2 when it is called in a wrong way.
`;

/** `signal-otel demo`: the example, with its live page. */
export async function demoCommand(args: string[]): Promise<number> {
  const driver: Driver = await import(new URL('options.js', examples).href);
  try {
    const options = readPageOptions(args, { untilOther: false });
    if (options === undefined) {
      console.log(helpWith(driver.trainingUsage));
      return 0;
    }
    const { page, others } = options;
    const environment = { ...environmentOfDriver(process.env), ...driver.localKey };
    // Before anything is started, and with any address: there is no server yet.
    driver.readOptions(['--url', 'http://127.0.0.1', ...others], environment);
    const { server, url } = await startServer();
    // One line of progress, and not two.
    const quiet = page.showsProgress ? ['--quiet'] : [];
    const command = [fileURLToPath(new URL('train.js', examples)), '--url', url, ...quiet, ...others];
    return endAs(await runWatched({ command, page, env: environment }).finally(() => stop(server)));
  } catch (error) {
    const isUsage = error instanceof UsageError || error instanceof driver.UsageError;
    const message = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
    console.error(`signal-otel demo: ${message}.${isUsage ? ' See signal-otel demo --help.' : ''}`);
    return isUsage ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** A process group of its own: Ctrl-C is for the driver, which needs its server until it has come to its end. */
async function startServer(): Promise<{ readonly server: ChildProcess; readonly url: string }> {
  const server = fork(fileURLToPath(new URL('training-server/main.js', examples)), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  });
  if (server.stdout !== null) {
    for await (const line of createInterface({ input: server.stdout })) {
      const url = /^Training server on (\S+)$/.exec(line)?.[1];
      if (url !== undefined) return { server, url };
    }
  }
  throw new Error('the training server did not start');
}

async function stop(server: ChildProcess): Promise<void> {
  if (!server.connected) return;
  const ended = once(server, 'exit');
  // It ends where nobody has use for it any more, even where this process is killed.
  server.disconnect();
  await ended;
}

/** Variables that say where telemetry goes; Prometheus fetches. */
const destination =
  /^(OTEL_EXPORTER_(?!PROMETHEUS_).*|OTEL_(METRICS|TRACES|LOGS)_EXPORTER|OTEL_CONFIG_FILE|OTEL_SDK_DISABLED|DATADOG_ENABLED)$/;

/** Where the user names no destination, none is likely to run here, and nothing is to leave this machine. */
function environmentOfDriver(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (Object.keys(environment).some((name) => destination.test(name) && isSet(name, environment))) return environment;
  return {
    ...environment,
    OTEL_METRICS_EXPORTER: 'prometheus',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    // A key is there for other reasons, and the folder holds what others have left behind.
    DATADOG_ENABLED: 'false',
    SIGNAL_SPOOL_DIR: '',
  };
}
