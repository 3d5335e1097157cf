import { parseArgs } from 'node:util';
import { startTrainingServer } from './server.ts';

const usage = `Usage: node examples/training-server/main.ts [--port PORT]

A server of Signal's API that trains small policies with PPO, on this machine only.

  --port PORT  port to listen on (default 0: any free one)
  --help       show this text`;

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, help: { type: 'boolean', default: false } },
});

if (values.help) {
  console.log(usage);
} else {
  const server = await startTrainingServer({ port: Number(values.port) });
  console.log(`Training server on ${server.url}`);
  const stop = () => {
    void server.close();
    if (process.connected) {
      process.disconnect();
    }
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // A parent that started this process with a channel has gone, even where it was killed.
  process.once('disconnect', stop);
}
