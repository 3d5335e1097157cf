import { once } from 'node:events';
import { createServer } from 'node:http';
import { fail, serve } from '../support/child.ts';
import { answerOf } from './exchange.ts';

/** Reads each request to its end and answers at once. Tells its port to whoever asks. */
async function main(): Promise<void> {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      requests += 1;
      const answer = answerOf(requests);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
    });
  });
  // A client waits for its turn longer than that.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  serve(async () => ({ port: typeof address === 'object' && address !== null ? address.port : 0 }));
}

main().catch(fail);
