import { kafkaBrokerBinary, requireBinary } from './binaries.ts';
import { startProcess } from './child.ts';

/** A Kafka broker with the topics of deploy/kafka; leaving its scope kills it. */
export interface KafkaBroker extends AsyncDisposable {
  readonly address: string;
  kill(): Promise<unknown>;
}

/** Resolves once it answers. One that is started in the folder and on the port of another goes on where that was. */
export async function startKafkaBroker({
  port,
  folder,
}: {
  readonly port: number;
  readonly folder: string;
}): Promise<KafkaBroker> {
  const child = await startProcess(requireBinary(kafkaBrokerBinary), ['--port', String(port), '--folder', folder]);
  try {
    await child.waitForOutput(/^ready$/m, { timeoutMillis: 60_000 });
  } catch (error) {
    await child.kill();
    throw error;
  }
  return {
    address: `127.0.0.1:${port}`,
    kill: () => child.kill('SIGKILL'),
    [Symbol.asyncDispose]: child[Symbol.asyncDispose],
  };
}
