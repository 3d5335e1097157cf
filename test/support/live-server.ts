import type { RunStore } from '../../src/live/run-store.ts';
import { serveLivePage } from '../../src/live/server.ts';

/** The live page's server, in this process; leaving its scope closes it. */
export interface LiveServer extends Disposable {
  readonly port: number;
  readonly url: string;
}

export async function startLiveServer(store: RunStore, port = 0): Promise<LiveServer> {
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  const close = serveLivePage({
    store,
    port,
    log: {
      info: (message) => resolve(/http:\S+\//.exec(message)?.[0] ?? ''),
      warn: (message) => reject(new Error(message)),
    },
  });
  const url = await listening;
  return { url, port: Number(new URL(url).port), [Symbol.dispose]: close };
}
