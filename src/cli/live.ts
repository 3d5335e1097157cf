import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createLocalServer, listenLocally } from '../delivery/local-http.ts';
import { defaults, readConfig } from '../runtime/config.ts';

const HELP = `signal-otel live [--no-open] [--port N] app.js [arguments ...]: starts a program and shows its runs in the browser

  --no-open    opens no browser; the address is on stderr
  --port N     the page's port on 127.0.0.1 (default: SIGNAL_LIVE_PORT or ${defaults.livePort}); the next free one if taken
  --help       this text

It is the same as SIGNAL_LIVE=1 node --require signal-otel/register app.js, and opens the page. Options of Node's own
may come before app.js. Signals and the exit code are passed on. The page goes with the program.
`;

const EXIT_USAGE = 2;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How long a program may take to start until its page is given up. */
const START_MILLIS = 15_000;
const POLL_MILLIS = 50;

interface Options {
  readonly opens: boolean;
  readonly port: number;
  /** For Node: the program and its arguments, Node's own options before it. */
  readonly command: readonly string[];
}

class UsageError extends Error {}

/** `signal-otel live`: a program under register, with its live page. */
export async function liveCommand(args: string[]): Promise<number> {
  let options: Options | undefined;
  try {
    options = readOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`signal-otel live: ${error.message} See signal-otel live --help.`);
    return EXIT_USAGE;
  }
  if (options === undefined) {
    console.log(HELP);
    return 0;
  }
  const url = await freeAddress(options.port);
  const child = start(options.command, new URL(url).port);
  if (options.opens) void openOnceThere(`${url}/`, child);
  return ended(child);
}

/** `undefined` where the user asks for help. */
function readOptions(args: readonly string[]): Options | undefined {
  let opens = true;
  let port = String(readConfig(process.env, () => {}).livePort);
  const command = [...args];
  for (;;) {
    const [option, value] = command;
    if (option === '--help' || option === '-h') return undefined;
    if (option === '--no-open') opens = false;
    else if (option === '--port' && value !== undefined) {
      port = value;
      command.shift();
    } else break;
    command.shift();
  }
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`a port is a whole number from 0 to 65535, not ${JSON.stringify(port)}.`);
  }
  if (command.length === 0) throw new UsageError('which program? Give its file, such as app.js.');
  return { opens, port: Number(port), command };
}

/** The page's address, which the program is told: else nobody but its stderr would know. */
async function freeAddress(port: number): Promise<string> {
  const server = createLocalServer({ answer: (_, response) => response.end() }).ref();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  listenLocally(server, {
    host: '127.0.0.1',
    port,
    onListening: resolve,
    onFailed: (code) => reject(new Error(`no port from ${port} on is free on 127.0.0.1 (${code})`)),
  });
  const url = await promise;
  server.close();
  await once(server, 'close');
  return url;
}

function start(command: readonly string[], port: string): ChildProcess {
  const register = fileURLToPath(new URL(`../register${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, ['--require', register, ...command], {
    stdio: 'inherit',
    env: { ...process.env, SIGNAL_LIVE: '1', SIGNAL_LIVE_PORT: port },
  });
  // A terminal sends its own signals to every process that runs in it: a second one would end the program at once.
  const isInTerminal = process.stdin.isTTY || process.stderr.isTTY;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (!isInTerminal || signal === 'SIGTERM') child.kill(signal);
    });
  }
  return child;
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      if (signal !== null) {
        // Ends as the program has ended.
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      }
      resolve(code ?? 1);
    });
  });
}

async function openOnceThere(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_MILLIS;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    const isThere = await fetch(url, { method: 'HEAD' }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isThere) {
      openBrowser(url);
      return;
    }
    await wait(POLL_MILLIS, undefined, { ref: false });
  }
}

/** Where there is no browser, the program has said the address. */
function openBrowser(url: string): void {
  const { platform, env } = process;
  const hasDisplay = platform === 'win32' || platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
  if (!hasDisplay && !env.BROWSER) return;
  const commands: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
    darwin: ['open', url],
    win32: ['cmd', '/c', 'start', '""', url],
  };
  const [command, ...args] = commands[platform] ?? ['xdg-open', url];
  spawn(command, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
