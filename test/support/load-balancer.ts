import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** One address before several servers on 127.0.0.1: each connection goes to the next of them, as a Kubernetes Service does. */
export interface LoadBalancer extends AsyncDisposable {
  readonly url: string;
  /** How many connections each server has taken, in the order of `ports`. */
  readonly taken: readonly number[];
  /** What clients have sent so far, with HTTP's headers. */
  bytes(): number;
}

export async function startLoadBalancer(ports: readonly number[]): Promise<LoadBalancer> {
  const taken = ports.map(() => 0);
  const sockets = new Set<Socket>();
  let next = 0;
  let bytes = 0;
  const server = createServer((client) => {
    const index = next++ % ports.length;
    const upstream = connect({ port: ports[index] ?? 0, host: '127.0.0.1' }, () => {
      taken[index] = (taken[index] ?? 0) + 1;
    });
    client.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      // The one ends as the other does: orderly, or because whoever was there is gone.
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroySoon();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The load balancer has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    taken,
    bytes: () => bytes,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
