// The driver.js of the documents: one of a user's, which knows nothing of the package.
// In a CommonJS project as in one of ES modules.
const { existsSync } = process.getBuiltinModule('node:fs');

const { SIGNAL_SERVER, DRIVES_UNTIL } = process.env;

const batch_data = [
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

async function call(path, body) {
  const response = await fetch(SIGNAL_SERVER + path, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** Whoever was to see it has failed, where it takes so long. */
const deadline = Date.now() + 60_000;

function isToGoOn() {
  return DRIVES_UNTIL !== undefined && !existsSync(DRIVES_UNTIL) && Date.now() < deadline;
}

async function train() {
  const { run_id } = await call('/runs', { base_model: 'examples/cartpole-mlp' });
  for (let step = 1; step <= 3 || isToGoOn(); step++) {
    await call(`/runs/${run_id}/forward_backward`, { batch_data, loss_fn: 'ppo' });
    await call(`/runs/${run_id}/optim_step`, {});
  }
  console.log(`driver.js trained ${run_id}`);
}

void train();
