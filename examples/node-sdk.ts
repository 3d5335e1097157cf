// A host that runs OpenTelemetry's NodeSDK: its SDK records the calls of Signal's API, and sends what it records.
// SIGNAL_BASE_URL=http://127.0.0.1:8000 node examples/node-sdk.ts
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SignalInstrumentation, signalViews } from 'signal-otel';
import { SignalClient } from './signal-client.ts';

const { SIGNAL_BASE_URL: baseUrl = 'http://127.0.0.1:8000', SIGNAL_API_KEY: apiKey = 'sk-example' } = process.env;

const sdk = new NodeSDK({
  serviceName: 'trainer',
  instrumentations: [new SignalInstrumentation({ baseUrls: [baseUrl] })],
  views: signalViews(),
});
sdk.start();

const batchData = [
  {
    observations: [
      [0.01, 0.02, 0.03, 0.04],
      [0.01, 0.21, 0.03, -0.24],
    ],
    actions: [1, 0],
    rewards: [1, 1],
    dones: [false, false],
    logprobs: [-0.69, -0.69],
    next_observation: [0.02, 0.02, 0.03, 0.06],
  },
];

try {
  const client = new SignalClient({ apiKey, baseUrl });
  const { run_id } = await client.createRun({ base_model: 'examples/cartpole-mlp' });
  const training = client.getTrainingClient(run_id);
  for (let step = 1; step <= 10; step++) {
    const { loss } = await training.forwardBackward({ batchData, lossFn: 'ppo' });
    await training.optimStep();
    console.log(`${run_id} step ${step}  loss ${loss}`);
  }
} finally {
  await sdk.shutdown();
}
