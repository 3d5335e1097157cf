import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { log } from '../otel/diagnostics.ts';
import { errorType } from '../otel/errors.ts';
import { quoted } from '../otel/text.ts';
import { guard } from '../run/guard.ts';
import { GpuOutput, toolArguments } from './gpu-output.ts';
import type { GpuSample } from './gpu-sample.ts';

export interface GpuSamplerOptions {
  /** Between two samples. */
  readonly intervalMillis: number;
  /** Gets each sample, and none after `stop()`. What it throws is a warning. */
  readonly onSample: (sample: GpuSample) => void;
  /** The tool, by its path or by its name on the PATH. Default: `nvidia-smi`. */
  readonly command?: string;
  /** Where the few variables come from that the tool gets. Default: the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const NVIDIA_SMI = 'nvidia-smi';

/** What the tool needs to be found, and to find its libraries. Everything else may be a secret. */
const PASSED_ON = ['PATH', 'LD_LIBRARY_PATH', 'SystemRoot'] as const;

/** A tool that did work ends without a sample so many times in a row before it is given up. */
const MAX_FAILURES = 3;

/** What the shell answers where there is no such program. */
const NOT_FOUND = 127;

const IS_WINDOWS = process.platform === 'win32';

/**
 * Becomes the tool, and leaves a guard beside it that kills it once this process is gone, however it went: the pipe at
 * descriptor 0 ends then. The tool itself might go on for ever, since it need not notice that nobody reads what it
 * prints. `stdbuf`, where there is one, makes it print each line at once.
 */
const SCRIPT = `
exec 3<&0 </dev/null
(read -r line <&3; kill -9 $$) >/dev/null 2>&1 &
exec 3<&-
command -v stdbuf >/dev/null 2>&1 && exec stdbuf -oL "$0" "$@"
exec "$0" "$@"`;

/**
 * Reads the GPUs by NVIDIA's own tool, which runs once and repeats itself. All GPUs of the machine are read:
 * CUDA_VISIBLE_DEVICES means nothing to the tool, and those that train may be another process's, such as the server's.
 *
 * It never throws, keeps no process alive and changes nothing about how one ends. Where there is no tool, no GPU or no
 * driver it says so in one debug line, and that is all.
 */
export class GpuSampler {
  readonly #options: GpuSamplerOptions;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #latest: GpuSample | undefined;
  #hasWorked = false;
  /** Runs of the tool in a row that gave no sample, the one that goes on included. */
  #failures = 0;

  constructor(options: GpuSamplerOptions) {
    this.#options = options;
  }

  /** The last sample, however old. */
  get latest(): GpuSample | undefined {
    return this.#latest;
  }

  /** Does nothing where it has been started. */
  start(): void {
    if (this.#child !== undefined || this.#restart !== undefined) return;
    this.#hasWorked = false;
    this.#failures = 0;
    this.#run();
  }

  stop(): void {
    clearTimeout(this.#restart);
    this.#restart = undefined;
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
  }

  #run(): void {
    this.#restart = undefined;
    this.#failures += 1;
    try {
      this.#follow(spawnTool(this.#options));
    } catch (error) {
      this.#end(errorType(error), '');
    }
  }

  /** What comes of a child that `stop()` has let go of concerns nobody. */
  #follow(child: ChildProcess): void {
    this.#child = child;
    const isCurrent = () => this.#child === child;
    const output = new GpuOutput((sample) => {
      if (isCurrent()) this.#take(sample);
    });
    const end = (outcome: string) => {
      if (isCurrent()) this.#end(outcome, output.remark);
    };
    child.on('error', (error) => end(errorType(error)));
    child.on('close', (code, signal) => end(outcomeOf(code, signal)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => output.push(text));
  }

  #take(sample: GpuSample): void {
    this.#hasWorked = true;
    this.#failures = 0;
    this.#latest = sample;
    guard('onSample', () => this.#options.onSample(sample));
  }

  #end(outcome: string, remark: string): void {
    this.#child = undefined;
    if (this.#hasWorked && this.#failures < MAX_FAILURES) {
      this.#restart = setTimeout(() => this.#run(), this.#options.intervalMillis).unref();
      return;
    }
    const { command = NVIDIA_SMI } = this.#options;
    log.debug(`no GPU metrics from ${quoted(command)}: ${outcome}${remark && `, ${quoted(remark)}`}`);
  }
}

function spawnTool(options: GpuSamplerOptions): ChildProcess {
  const { command = NVIDIA_SMI, intervalMillis, environment = process.env } = options;
  const toolCommand = [command, ...toolArguments(intervalMillis)];
  // On Windows a child process ends with its parent.
  const [file = command, ...args] = IS_WINDOWS ? toolCommand : ['/bin/sh', '-c', SCRIPT, ...toolCommand];
  const child: ChildProcess = spawn(file, args, {
    env: Object.fromEntries(PASSED_ON.map((name) => [name, environment[name]])),
    stdio: ['pipe', 'pipe', 'ignore'],
    // A process group of its own, so that a Ctrl-C in the terminal is for the host alone.
    detached: !IS_WINDOWS,
    windowsHide: true,
  });
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) {
    pipe?.on('error', () => {});
    if (pipe instanceof Socket) pipe.unref();
  }
  return child;
}

function outcomeOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (code === NOT_FOUND) return 'not found';
  return signal === null ? `exit code ${code}` : signal;
}
