import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// A training server and a training run against it, with nothing else needed on this machine.
// All arguments go to train.ts: see `node examples/demo.ts --help`.

const serverPath = fileURLToPath(new URL('./training-server/main.ts', import.meta.url));
const trainPath = fileURLToPath(new URL('./train.ts', import.meta.url));

/** Variables that say where telemetry goes; not those that say where the Prometheus endpoint listens. */
const destination =
  /^(OTEL_EXPORTER_(?!PROMETHEUS_).*|OTEL_(METRICS|TRACES|LOGS)_EXPORTER|OTEL_CONFIG_FILE|OTEL_SDK_DISABLED|DATADOG_ENABLED)$/;

/** Where the user names no destination, none is likely to run here: the metrics stay on local pages. */
function localTelemetry(): NodeJS.ProcessEnv {
  return Object.keys(process.env).some((name) => destination.test(name))
    ? {}
    : {
        OTEL_METRICS_EXPORTER: 'prometheus',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        SIGNAL_LIVE: '1',
      };
}

function findRegister(): string {
  const path = fileURLToPath(import.meta.resolve('signal-otel/register'));
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: build the package first (npm run build)`);
  }
  return path;
}

// A terminal sends Ctrl-C to its whole process group. As groups of their own, both children hear of it from here, once.

async function startServer(): Promise<{ readonly server: ChildProcess; readonly url: string }> {
  const server = fork(serverPath, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], detached: true });
  if (server.stdout !== null) {
    for await (const line of createInterface({ input: server.stdout })) {
      const url = /^Training server on (\S+)$/.exec(line)?.[1];
      if (url !== undefined) {
        return { server, url };
      }
    }
  }
  throw new Error('The training server did not start');
}

function startTraining(registerPath: string, url: string): ChildProcess {
  const args = [...process.execArgv, '--require', registerPath, trainPath, '--url', url, ...process.argv.slice(2)];
  return spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
    // A real key has no business with the local server.
    env: { ...localTelemetry(), ...process.env, SIGNAL_API_KEY: 'sk-local-demo' },
  });
}

const registerPath = findRegister();
const { server, url } = await startServer();
const training = startTraining(registerPath, url);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    training.kill(signal);
  });
}
training.once('exit', (exitCode, signal) => {
  if (server.connected) {
    server.disconnect();
  }
  if (signal === null) {
    process.exitCode = exitCode ?? 1;
  } else {
    // Ends as the training ended.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
});
