import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../examples/random.ts';
import { EnvironmentPool } from '../../examples/rollout.ts';
import { SignalClient } from '../../examples/signal-client.ts';
import { startTrainingServer, type TrainingServer } from '../../examples/training-server/server.ts';

const apiKey = 'sk-test-key';
const item = {
  observations: [
    [0.1, 0.2, 0.3, 0.4],
    [0.2, 0.3, 0.4, 0.5],
  ],
  actions: [0, 1],
  rewards: [1, 1],
  dones: [false, true],
  logprobs: [-0.7, -0.6],
  next_observation: [0, 0, 0, 0],
};
const batch = { batch_data: [item], loss_fn: 'enhanced_ppo' };

let server: TrainingServer;

beforeAll(async () => {
  server = await startTrainingServer();
});

afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function send(method: 'GET' | 'POST', path: string, body?: unknown, key = apiKey): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
}

async function createRun(): Promise<string> {
  const client = new SignalClient({ apiKey, baseUrl: server.url });
  return (await client.createRun({ base_model: 'examples/cartpole-mlp', seed: 1 })).run_id;
}

/** The answer to an operation of a new run, which must be 200. */
async function operate(name: string, body: unknown): Promise<unknown> {
  const answer = await send('POST', `/runs/${await createRun()}/${name}`, body);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body;
}

describe('answers', () => {
  test('POST /runs', async () => {
    const { status, body } = await send('POST', '/runs', { base_model: 'examples/cartpole-mlp', learning_rate: 0.01 });
    expect(status).toBe(200);
    expect(body).toEqual({
      run_id: expect.stringMatching(/^run_[0-9a-f]{16}$/),
      user_id: expect.stringMatching(/^user_[0-9a-f]{16}$/),
      base_model: 'examples/cartpole-mlp',
      status: 'running',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      config: {
        base_model: 'examples/cartpole-mlp',
        gpu_config: null,
        lora_r: 32,
        lora_alpha: 32,
        learning_rate: 0.01,
        seed: 0,
      },
    });
  });

  test('forward_backward with enhanced_ppo', async () => {
    const number = expect.any(Number);
    const rlMetrics = {
      policy_loss: number,
      value_loss: number,
      entropy: number,
      kl_divergence: number,
      approx_kl: number,
      clip_fraction: number,
      advantage_mean: number,
      advantage_std: number,
      explained_variance: number,
      value_mean: number,
      return_mean: number,
      reward_mean: 1,
    };
    const gradStats = {
      grad_norm: number,
      grad_max: number,
      grad_min: number,
      grad_mean: number,
      params_with_grad: 8,
    };
    expect(await operate('forward_backward', { ...batch, request_id: 'req_mine' })).toEqual({
      loss: number,
      step: 0,
      grad_norm: number,
      grad_stats: gradStats,
      request_id: 'req_mine',
      status: 'completed',
      rl_metrics: rlMetrics,
      metrics: { loss: number, ...rlMetrics, ...gradStats },
    });
  });

  test('forward_backward with ppo', async () => {
    expect(await operate('forward_backward', { ...batch, loss_fn: 'ppo' })).toMatchObject({
      request_id: expect.stringMatching(/^req_[0-9a-f]{16}$/),
      rl_metrics: {
        policy_loss: expect.any(Number),
        value_loss: expect.any(Number),
        entropy: expect.any(Number),
        mean_advantage: expect.any(Number),
        advantage_std: expect.any(Number),
      },
    });
  });

  test('optim_step, with the learning rate of the request or of the run', async () => {
    const path = `/runs/${await createRun()}`;
    expect((await send('POST', `${path}/optim_step`, { learning_rate: 0.5 })).body).toEqual({
      step: 1,
      learning_rate: 0.5,
      metrics: {},
    });
    expect((await send('POST', `${path}/optim_step`)).body).toEqual({ step: 2, learning_rate: 3e-4, metrics: {} });
    expect((await send('POST', `${path}/forward_backward`, batch)).body).toMatchObject({ step: 2 });
  });

  test('sample', async () => {
    const prompts = ['[0, 0, 0, 0]', '[0.1, 0.2, 0.3, 0.4]'];
    expect(await operate('sample', { prompts, temperature: 1, top_p: 1, return_logprobs: true })).toEqual({
      outputs: [expect.stringMatching(/^[01]$/), expect.stringMatching(/^[01]$/)],
      token_ids: [[expect.any(Number)], [expect.any(Number)]],
      tokens: [[expect.stringMatching(/^left|right$/)], [expect.stringMatching(/^left|right$/)]],
      logprobs: [[expect.closeTo(Math.log(0.5), 1)], [expect.closeTo(Math.log(0.5), 1)]],
    });
    expect(await operate('sample', { prompts })).toMatchObject({ logprobs: null });
  });

  test('save_state gives the weights under a URL that needs no key', async () => {
    const runId = await createRun();
    const { body } = await send('POST', `/runs/${runId}/save_state`, { mode: 'merged' });
    const manifest = { run_id: runId, base_model: 'examples/cartpole-mlp', mode: 'merged', step: 0 };
    expect(body).toEqual({
      artifact_uri: `memory:///runs/${runId}/step-0`,
      local_path: null,
      checkpoint_path: `memory:///runs/${runId}/step-0`,
      s3_uri: null,
      download_url: expect.stringMatching(new RegExp(`^${server.url}/artifacts/[0-9a-f]{32}$`)),
      download_expires_at: null,
      manifest: { ...manifest, num_parameters: 835 },
      pushed_to_hub: false,
      hub_model_id: null,
    });
    const artifact: unknown = await (await fetch(String(field(body, 'download_url')))).json();
    expect(artifact).toMatchObject({ manifest, parameters: expect.objectContaining({ length: 835 }) });
  });

  test('status, metrics and complete', async () => {
    const path = `/runs/${await createRun()}`;
    const pass = await send('POST', `${path}/forward_backward`, batch);
    await send('POST', `${path}/optim_step`, { learning_rate: 0.1 });
    expect((await send('GET', `${path}/status`)).body).toMatchObject({
      status: 'running',
      current_step: 1,
      updated_at: expect.any(String),
      cost_so_far: 0,
      charged_so_far: 0,
      cost_per_hour: 0,
    });
    const [loss, grad_norm] = [field(pass.body, 'loss'), field(pass.body, 'grad_norm')];
    expect([loss, grad_norm]).toEqual([expect.any(Number), expect.any(Number)]);
    expect((await send('GET', `${path}/metrics`)).body).toMatchObject({
      step: 1,
      metrics: [
        { step: 1, loss, grad_norm, learning_rate: 0.1, gpu_utilization: null, throughput: null, cost_so_far: 0 },
      ],
    });
    expect((await send('POST', `${path}/complete`)).body).toMatchObject({ status: 'completed', current_step: 1 });
    const late = await send('POST', `${path}/optim_step`);
    expect(late).toEqual({ status: 400, body: { error: expect.stringContaining('is completed') } });
  });
});

describe('gradients over calls', () => {
  const gradNorm = (answer: Answer) => Number(field(answer.body, 'grad_norm'));

  test('are replaced, or added up with accumulate, and cleared by optim_step', async () => {
    const path = `/runs/${await createRun()}`;
    const first = gradNorm(await send('POST', `${path}/forward_backward`, batch));
    expect(gradNorm(await send('POST', `${path}/forward_backward`, batch))).toBeCloseTo(first, 9);
    const twice = gradNorm(await send('POST', `${path}/forward_backward`, { ...batch, accumulate: true }));
    expect(twice).toBeCloseTo(2 * first, 6);
    await send('POST', `${path}/optim_step`, { learning_rate: 1e-9 });
    const cleared = gradNorm(await send('POST', `${path}/forward_backward`, { ...batch, accumulate: true }));
    expect(cleared).toBeCloseTo(first, 3);
  });
});

describe('futures', () => {
  async function openFuture(runId: string, operation: string, body: unknown): Promise<string> {
    const answer = await send('POST', `/runs/${runId}/${operation}_async`, body);
    expect(answer).toEqual({
      status: 200,
      body: { future_id: expect.stringMatching(/^[0-9a-f-]{36}$/), status: 'pending' },
    });
    return String(field(answer.body, 'future_id'));
  }

  async function settled(futureId: string): Promise<unknown> {
    for (;;) {
      const { status, body } = await send('GET', `/futures/${futureId}`);
      expect(status).toBe(200);
      if (field(body, 'status') !== 'pending') {
        return body;
      }
    }
  }

  test('complete with the result, in the order of their requests', async () => {
    const runId = await createRun();
    const pass = await openFuture(runId, 'forward_backward', batch);
    const updates = [await openFuture(runId, 'optim_step', {}), await openFuture(runId, 'optim_step', {})];
    const answers = await Promise.all([pass, ...updates].map(settled));
    expect(answers).toMatchObject([
      { status: 'completed', result: { step: 0, loss: expect.any(Number) }, error: null },
      { status: 'completed', result: { step: 1 }, error: null },
      { status: 'completed', result: { step: 2 }, error: null },
    ]);
  });

  test('fail with HTTP 200, and the queue counts it', async () => {
    const runId = await createRun();
    const exploding = { ...item, logprobs: [-2000, -1000], rewards: [-10, 10] };
    const failed = await openFuture(runId, 'forward_backward', { ...batch, batch_data: [exploding] });
    await settled(failed);
    await settled(await openFuture(runId, 'sample', { prompts: ['[0, 0, 0, 0]'] }));
    await settled(await openFuture(runId, 'save_state', {}));
    expect(await settled(failed)).toEqual({
      future_id: failed,
      status: 'failed',
      result: null,
      error: expect.stringContaining('not finite at step 0'),
    });
    expect((await send('GET', `/runs/${runId}/queue/stats`)).body).toEqual({
      total: 3,
      queued: 0,
      running: 0,
      completed: 2,
      failed: 1,
    });
  });

  test('a bad batch is refused at once', async () => {
    const answer = await send('POST', `/runs/${await createRun()}/forward_backward_async`, { batch_data: [] });
    expect(answer.status).toBe(422);
  });
});

describe('refusals', () => {
  test.each(['', 'Bearer', 'Bearer token', 'Basic sk-key', 'Bearer sk-'])('401 for the header %j', async (header) => {
    const response = await fetch(`${server.url}/runs`, { method: 'POST', headers: { authorization: header } });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: expect.stringContaining('API key') });
  });

  test.each([
    ['GET', '/runs/run_0123456789abcdef/status'],
    ['POST', '/runs/run_0123456789abcdef/forward_backward'],
    ['GET', '/futures/no-such-future'],
    ['GET', '/artifacts/0123'],
    ['GET', '/runs'],
    ['POST', '/runs/run_0123456789abcdef/constructor'],
    ['GET', '/'],
  ] as const)('404 for %s %s', async (method, path) => {
    const answer = await send(method, path, method === 'POST' ? batch : undefined);
    expect(answer).toEqual({ status: 404, body: { error: expect.any(String) } });
  });

  test("404 for another user's run", async () => {
    const path = `/runs/${await createRun()}/status`;
    expect((await send('GET', path)).status).toBe(200);
    expect((await send('GET', path, undefined, 'sk-other-key')).status).toBe(404);
  });

  test('413 for a body over 8 MiB', async () => {
    const answer = await send('POST', '/runs', `"${'x'.repeat(8 * 1024 * 1024)}"`);
    expect(answer).toEqual({ status: 413, body: { error: expect.stringContaining('8388608') } });
  });

  test('501 for a push to the hub', async () => {
    const answer = await send('POST', `/runs/${await createRun()}/save_state`, { push_to_hub: true });
    expect(answer).toEqual({ status: 501, body: { error: expect.any(String) } });
  });

  test.each([
    ['broken JSON', '{', ['body'], 'json_invalid'],
    ['no object', [], ['body'], 'dict_type'],
    ['no batch', { loss_fn: 'ppo' }, ['body', 'batch_data'], 'missing'],
    ['an empty batch', { ...batch, batch_data: [] }, ['body', 'batch_data'], 'too_short'],
    ['129 items', { ...batch, batch_data: Array(129).fill(item) }, ['body', 'batch_data'], 'too_long'],
    ['text', { ...batch, batch_data: [{ text: 'hi' }] }, ['body', 'batch_data', 0, 'observations'], 'missing'],
    [
      'a short observation',
      { ...batch, batch_data: [item, { ...item, observations: [[1, 2, 3]] }] },
      ['body', 'batch_data', 1, 'observations', 0],
      'too_short',
    ],
    [
      'fewer actions than observations',
      { ...batch, batch_data: [{ ...item, actions: [0] }] },
      ['body', 'batch_data', 0, 'actions'],
      'too_short',
    ],
    [
      'an unknown action',
      { ...batch, batch_data: [{ ...item, actions: [0, 2] }] },
      ['body', 'batch_data', 0, 'actions', 1],
      'out_of_range',
    ],
    [
      'a positive log-probability',
      { ...batch, batch_data: [{ ...item, logprobs: [-1, 0.1] }] },
      ['body', 'batch_data', 0, 'logprobs', 1],
      'out_of_range',
    ],
    [
      'a bad loss argument',
      { ...batch, loss_kwargs: { clip_epsilon: 'wide' } },
      ['body', 'loss_kwargs', 'clip_epsilon'],
      'float_type',
    ],
  ])('422 for %s', async (_case, body, loc, type) => {
    const answer = await send('POST', `/runs/${await createRun()}/forward_backward`, body);
    expect(answer).toEqual({ status: 422, body: { detail: [{ loc, msg: expect.any(String), type }] } });
  });

  test('422 for a loss function it does not have, the default included, with those it has', async () => {
    const path = `/runs/${await createRun()}/forward_backward`;
    for (const loss of [{}, { loss_fn: 'dpo' }]) {
      expect(await send('POST', path, { batch_data: [item], ...loss })).toMatchObject({
        status: 422,
        body: { detail: [{ loc: ['body', 'loss_fn'], msg: "Input should be 'ppo' or 'enhanced_ppo'" }] },
      });
    }
  });

  test.each([
    ['POST /runs', '/runs', { base_model: 'no-organisation' }, 'base_model'],
    ['POST /runs', '/runs', { base_model: 'a/../b' }, 'base_model'],
    ['optim_step', 'optim_step', { learning_rate: 0 }, 'learning_rate'],
    ['sample', 'sample', { prompts: ['Hello'] }, 'prompts'],
    ['save_state', 'save_state', { mode: 'quantized' }, 'mode'],
  ])('422 for a bad value in %s', async (_name, path, body, field) => {
    const answer = await send('POST', path.startsWith('/') ? path : `/runs/${await createRun()}/${path}`, body);
    expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc: expect.arrayContaining(['body', field]) }] } });
  });
});

describe('client', () => {
  test('names the endpoint and the reason in an error, never the key', async () => {
    const training = new SignalClient({ apiKey, baseUrl: `${server.url}/` }).getTrainingClient('run_unknown');
    const failure = training.optimStep();
    await expect(failure).rejects.toMatchObject({ name: 'SignalApiError', status: 404 });
    await expect(failure).rejects.toThrow(/POST \/runs\/run_unknown\/optim_step: HTTP 404 .*not found/);
    await expect(failure).rejects.not.toThrow(apiKey);
  });

  test('trains CartPole', async () => {
    const client = new SignalClient({ apiKey, baseUrl: server.url });
    const run = await client.createRun({ base_model: 'examples/cartpole-mlp', seed: 1 });
    const training = client.getTrainingClient(run.run_id);
    const pool = new EnvironmentPool(8, seededRandom(1));
    const rewards: number[] = [];
    for (let update = 0; update < 8; update++) {
      const { batch: batchData, finishedReturns } = await pool.collect(training, 64);
      rewards.push(finishedReturns.reduce((sum, each) => sum + each, 0) / finishedReturns.length);
      for (let epoch = 0; epoch < 8; epoch++) {
        await training.forwardBackward({ batchData, lossFn: 'enhanced_ppo' });
        await training.optimStep({ learningRate: 3e-3 });
      }
    }
    expect(rewards.at(-1)).toBeGreaterThan(2 * (rewards[0] ?? Number.NaN));
  });
});
