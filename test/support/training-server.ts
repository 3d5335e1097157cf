import { fileURLToPath } from 'node:url';
import { startNode } from './child.ts';

/** The example's training server, as users start it. */
export async function startTrainingServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const child = await startNode([fileURLToPath(new URL('../../examples/training-server/main.ts', import.meta.url))]);
  const [, url] = await child.waitForOutput(/Training server on (\S+)/);
  if (url === undefined) throw new Error('The training server names no address.');
  return { url, [Symbol.asyncDispose]: child[Symbol.asyncDispose] };
}
