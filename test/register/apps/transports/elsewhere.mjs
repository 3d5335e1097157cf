import cluster from 'node:cluster';
import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

// Creates a run, makes a call of it, and has a worker thread or a child of a cluster make another.

const [kind, url] = process.argv.slice(2);

async function post(path) {
  const response = await fetch(`${url}${path}`, { method: 'POST', body: '{}' });
  return response.json();
}

if (!isMainThread) {
  await post(workerData);
} else if (cluster.isWorker) {
  await post(process.env.CALL_PATH);
  cluster.worker.disconnect();
} else {
  const { run_id } = await post('/runs');
  const path = `/runs/${run_id}/forward_backward`;
  await post(path);
  const other =
    kind === 'thread'
      ? new Worker(new URL(import.meta.url), { workerData: path, argv: [kind, url] })
      : cluster.fork({ CALL_PATH: path });
  const [code] = await once(other, 'exit');
  process.exitCode = code;
}
