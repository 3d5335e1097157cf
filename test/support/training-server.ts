import { fileURLToPath } from 'node:url';
import { startNode } from './child.ts';

export interface TrainingServer extends AsyncDisposable {
  readonly url: string;
  /** Answers nothing until `goOn`: whoever trains waits. */
  hold(): void;
  goOn(): void;
}

/** The example's training server, as users start it. */
export async function startTrainingServer(): Promise<TrainingServer> {
  const child = await startNode([fileURLToPath(new URL('../../examples/training-server/main.ts', import.meta.url))]);
  const [, url] = await child.waitForOutput(/Training server on (\S+)/);
  if (url === undefined) throw new Error('The training server names no address.');
  return {
    url,
    hold: () => void process.kill(child.pid, 'SIGSTOP'),
    goOn: () => void process.kill(child.pid, 'SIGCONT'),
    [Symbol.asyncDispose]: child[Symbol.asyncDispose],
  };
}
