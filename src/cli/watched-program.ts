import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createLocalServer, listenLocally } from '../delivery/local-http.ts';
import { openBrowser } from './browser.ts';
import type { PageOptions } from './page-options.ts';
import { showProgress } from './run-progress.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How long a program may take to start until its page is given up. */
const START_MILLIS = 15_000;
const POLL_MILLIS = 50;

export interface WatchedProgram {
  /** For Node: the program and its arguments, Node's own options before it. */
  readonly command: readonly string[];
  readonly page: PageOptions;
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** How a process has come to its end. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs a program under register, with its live page. Signals are passed on. */
export async function runWatched({ command, page, env = process.env }: WatchedProgram): Promise<Ending> {
  const url = await freeAddress(page.port);
  const child = start(command, { ...env, SIGNAL_LIVE: '1', SIGNAL_LIVE_PORT: new URL(url).port });
  const ended = once(child, 'exit').then(([code, signal]): Ending => ({ code, signal }));
  const endProgress = page.showsProgress ? showProgress(url, process.stderr) : undefined;
  if (page.opensBrowser) void openOnceThere(`${url}/`, child);
  return ended.finally(endProgress);
}

/**
 * Ends this process as another has ended.
 * @returns the exit code, where no signal has done it.
 */
export function endAs({ code, signal }: Ending): number {
  if (signal !== null) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  return code ?? 1;
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

function start(command: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const register = fileURLToPath(new URL(`../register${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, ['--require', register, ...command], { stdio: 'inherit', env });
  // A terminal sends its own signals to every process that runs in it: a second one would end the program at once.
  const isInTerminal = process.stdin.isTTY || process.stderr.isTTY;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (!isInTerminal || signal === 'SIGTERM') child.kill(signal);
    });
  }
  return child;
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
