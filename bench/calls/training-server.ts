import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environment } from '../support/parent.ts';

/** The examples' training server, as users start it. */
export class TrainingServer implements Disposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<TrainingServer> {
    // With a channel, by which it hears of the end of this process, however that comes.
    const child = fork(fileURLToPath(new URL('../../examples/training-server/main.ts', import.meta.url)), {
      env: environment,
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    if (child.stdout !== null) {
      for await (const line of createInterface({ input: child.stdout })) {
        const port = /^Training server on \S+:(\d+)$/.exec(line)?.[1];
        if (port !== undefined) return new TrainingServer(child, Number(port));
      }
    }
    throw new Error('The training server did not start');
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
