import { seededRandom } from '../../examples/random.ts';
import { EnvironmentPool } from '../../examples/rollout.ts';
import { SignalClient } from '../../examples/signal-client.ts';
import { ppoRequest } from '../../examples/training.ts';
import { fetchTransport, type TransportRequest } from '../../examples/transports.ts';
import { API_KEY, type Exchange } from './exchange.ts';

/** Of a batch, as the example driver has them. */
export const ITEMS = 4;
export const STEPS = 128;

const SEED = 1;

/**
 * What the example driver sends for a forward_backward, of a run of its own on steps that were taken with the run's
 * policy. By the seeds it is the same in every process; and without an optim_step each call is the same computation.
 */
export async function computedExchange(port: number): Promise<Exchange> {
  const sent: TransportRequest[] = [];
  const client = new SignalClient({
    apiKey: API_KEY,
    baseUrl: `http://127.0.0.1:${port}`,
    transport: (request) => {
      sent.push(request);
      return fetchTransport(request);
    },
  });
  const { run_id } = await client.createRun({ base_model: 'examples/cartpole-mlp', seed: SEED });
  const training = client.getTrainingClient(run_id);
  const { batch } = await new EnvironmentPool(ITEMS, seededRandom(SEED)).collect(training, STEPS);
  await training.forwardBackward(ppoRequest(batch));
  const { url, body } = sent.at(-1) ?? {};
  if (url === undefined || body === undefined) throw new Error('No forward_backward was sent');
  return { port, path: new URL(url).pathname, body };
}
