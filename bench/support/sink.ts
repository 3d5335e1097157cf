import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Takes what the peers send and forgets it: datagrams as a DogStatsD agent, requests as a trace agent. */
export interface Sink extends AsyncDisposable {
  readonly udpPort: number;
  readonly httpPort: number;
}

export async function openSink(): Promise<Sink> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  const server = createServer((request, response) => {
    request.resume();
    response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await Promise.all([once(socket, 'listening'), once(server, 'listening')]);
  const address = server.address();
  return {
    udpPort: socket.address().port,
    httpPort: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      socket.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
