import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { typeStripping } from './type-stripping.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnSettings {
  /** Added to PATH, HOME and TMPDIR. Nothing else is inherited: a developer's own keys and OTEL_* must not leak in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A child process; leaving its scope kills it. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  /** Resolves once the process is gone and its output is complete. */
  readonly exited: Promise<Exit>;
  stdout(): string;
  stderr(): string;
  /** Both streams in the order of arrival. */
  output(): string;
  /** Writes to its standard input, and closes that. */
  endInput(text?: string): void;
  /** Resolves once either stream has it; rejects when the process ends before, or on timeout. */
  waitForOutput(pattern: RegExp, options?: { readonly timeoutMillis?: number }): Promise<RegExpMatchArray>;
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  /** Asks it to end, kills it where it has not within the deadline. */
  stop(options?: { readonly deadlineMillis?: number }): Promise<Exit>;
}

export interface NodeResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<ChildProcess>();

// A test worker that ends early never leaves its `await using` scopes.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Runs the Node that runs the tests, to its end. */
export async function runNode(
  args: readonly string[],
  options: SpawnSettings & { readonly input?: string; readonly timeoutMillis?: number } = {},
): Promise<NodeResult> {
  const { input, timeoutMillis = 30_000, ...settings } = options;
  await using child = await startNode(args, settings);
  child.endInput(input);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void child.kill();
  }, timeoutMillis);
  const exit = await child.exited;
  clearTimeout(timer);
  if (late) throw new Error(`node ${args.join(' ')} did not end in ${timeoutMillis} ms:\n${child.output()}`);
  return { ...exit, stdout: child.stdout(), stderr: child.stderr() };
}

/** Starts the Node that runs the tests. */
export function startNode(args: readonly string[], settings: SpawnSettings = {}): Promise<RunningProcess> {
  return startProcess(process.execPath, args, settings);
}

export async function startProcess(
  command: string,
  args: readonly string[],
  { env = {}, cwd }: SpawnSettings = {},
): Promise<RunningProcess> {
  const child = spawn(command, args, { cwd, env: { ...environmentFor(args), ...env }, stdio: 'pipe' });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no process id.`);

  running.add(child);
  const changes = new EventEmitter<{ change: [] }>();
  let stdout = '';
  let stderr = '';
  let output = '';
  let ended = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
    changes.emit('change');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    output += text;
    changes.emit('change');
  });
  // Input that the child did not wait for; how the child ended tells more.
  child.stdin.on('error', () => {});
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    running.delete(child);
    ended = true;
    changes.emit('change');
    return { code, signal };
  });

  function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    child.kill(signal);
    return exited;
  }

  return {
    pid,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    output: () => output,
    endInput: (text = '') => {
      child.stdin.end(text);
    },
    async waitForOutput(pattern, { timeoutMillis = 15_000 } = {}) {
      const deadline = AbortSignal.timeout(timeoutMillis);
      for (;;) {
        const match = output.match(pattern);
        if (match !== null) return match;
        if (ended) throw new Error(`${command} ended without printing ${pattern}:\n${output}`);
        try {
          await once(changes, 'change', { signal: deadline });
        } catch {
          throw new Error(`${command} did not print ${pattern} in ${timeoutMillis} ms:\n${output}`);
        }
      }
    },
    kill,
    async stop({ deadlineMillis = 10_000 } = {}) {
      const timer = setTimeout(kill, deadlineMillis);
      const exit = await kill('SIGTERM');
      clearTimeout(timer);
      return exit;
    },
    async [Symbol.asyncDispose]() {
      await kill();
    },
  };
}

function environmentFor(args: readonly string[]): Record<string, string> {
  const inherited: Record<string, string> = {};
  // By a variable, so that it holds for what the program itself starts.
  const isTypeScript = args.some((argument) => /\.ts$/.test(argument));
  if (isTypeScript && typeStripping.length > 0) inherited.NODE_OPTIONS = typeStripping.join(' ');
  for (const name of ['PATH', 'HOME', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) inherited[name] = value;
  }
  return inherited;
}
