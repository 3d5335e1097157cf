import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Numbers, readNumbers } from './child.ts';

/** The environment of every process: nobody's settings may change what is measured, and no peer may call home. */
export const environment: NodeJS.ProcessEnv = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_TRACE_STARTUP_LOGS: 'false',
  // Nobody listens there: what a preload may send in vain ends at once.
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
};

/** The package's own folder, where its name leads to it as in a user's. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

export interface WorkerSettings {
  readonly execArgv?: readonly string[];
  /** Added to `environment`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process of its own for one measurement: no contender shares compiled code or a heap with another. */
export class Worker {
  readonly #child: ChildProcess;
  #stderr = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on('data', (chunk) => {
      this.#stderr += String(chunk);
    });
  }

  /** @throws Error with what the process wrote, where it does not start; such as a package that is not installed. */
  static async start(module: URL, args: readonly string[], settings: WorkerSettings = {}): Promise<Worker> {
    const { execArgv = [], env = {} } = settings;
    const child = fork(fileURLToPath(module), args, {
      cwd: packageFolder,
      execArgv: [...execArgv, '--no-warnings'],
      env: { ...environment, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const worker = new Worker(child);
    await worker.#reply();
    return worker;
  }

  /** @throws Error where the process has not been started. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('The process has no id');
    return this.#child.pid;
  }

  async ask(request: Numbers): Promise<Numbers> {
    const reply = this.#reply();
    this.#child.send(request);
    return reply;
  }

  /** Stops it in the midst of whatever it does, so that its timers cost nothing while others are measured. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  /** Lets it come to its natural end: it has nothing more to do once nobody can ask it anything. */
  async end(): Promise<void> {
    // Not `close`, which does not come where this side has disconnected.
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  async #reply(): Promise<Numbers> {
    const waiting = new AbortController();
    try {
      const ended = once(this.#child, 'close', { signal: waiting.signal }).then(() => {
        throw new Error(this.#problem());
      });
      const [message] = await Promise.race([once(this.#child, 'message', { signal: waiting.signal }), ended]);
      return readNumbers(message);
    } finally {
      waiting.abort();
    }
  }

  #problem(): string {
    const missing = /Cannot find (?:package|module) '([^']+)'/.exec(this.#stderr)?.[1];
    if (missing !== undefined) return `${missing} is not installed here`;
    return this.#stderr.split('\n').find((line) => /error/i.test(line)) ?? 'the process ended';
  }
}
