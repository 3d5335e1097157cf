import { randomBytes } from 'node:crypto';
import { seededRandom } from '../random.ts';
import type { ArtifactStore } from './artifacts.ts';
import { ApiError } from './errors.ts';
import { ActorCritic } from './network.ts';
import { Adam, gradientStats } from './optimizer.ts';
import { logSoftmax, sampleAction } from './policy.ts';
import { lossFunctions } from './ppo.ts';
import { OperationQueue } from './queue.ts';
import type {
  ForwardBackwardRequest,
  OptimStepRequest,
  RunConfig,
  SampleRequest,
  SaveStateRequest,
} from './requests.ts';
import { at } from './vector.ts';

const maxMetricsRows = 10_000;

interface MetricsRow {
  readonly step: number;
  readonly loss: number | null;
  readonly grad_norm: number | null;
  readonly learning_rate: number;
  readonly gpu_utilization: null;
  readonly throughput: null;
  readonly cost_so_far: number;
}

/** One training run: the network, its optimiser and what the API tells of them, in the API's JSON shapes. */
export class TrainingRun {
  readonly id = `run_${randomBytes(8).toString('hex')}`;
  readonly userId: string;
  readonly queue = new OperationQueue();
  readonly #config: RunConfig;
  readonly #createdAt = new Date().toISOString();
  readonly #random;
  readonly #network;
  readonly #optimizer;
  readonly #rows: MetricsRow[] = [];
  #updatedAt = this.#createdAt;
  #status: 'running' | 'completed' = 'running';
  #step = 0;
  #lastPass: { readonly loss: number; readonly grad_norm: number } | undefined;

  constructor(userId: string, config: RunConfig) {
    this.userId = userId;
    this.#config = config;
    this.#random = seededRandom(config.seed);
    this.#network = new ActorCritic(this.#random);
    this.#optimizer = new Adam(this.#network.parameters);
  }

  forwardBackward(request: ForwardBackwardRequest) {
    this.#beginOperation();
    const { gradients, tensors } = this.#network.parameters;
    if (!request.accumulate) {
      gradients.fill(0);
    }
    const losses = lossFunctions[request.lossName](this.#network, request.batch, request.settings);
    const stats = gradientStats(tensors);
    if (!Number.isFinite(losses.loss) || !Number.isFinite(stats.grad_norm)) {
      gradients.fill(0);
      // JSON has no NaN and no infinity.
      throw new ApiError(500, `Forward-backward pass failed: the loss is not finite at step ${this.#step}`);
    }
    const { loss, ...rlMetrics } = losses;
    this.#lastPass = { loss, grad_norm: stats.grad_norm };
    return {
      loss,
      step: this.#step,
      grad_norm: stats.grad_norm,
      grad_stats: stats,
      request_id: request.requestId ?? `req_${randomBytes(8).toString('hex')}`,
      status: 'completed',
      rl_metrics: rlMetrics,
      metrics: { ...losses, ...stats },
    };
  }

  optimStep(request: OptimStepRequest) {
    this.#beginOperation();
    const learningRate = request.learningRate ?? this.#config.learning_rate;
    this.#optimizer.step(learningRate);
    this.#step += 1;
    this.#rows.push({
      step: this.#step,
      loss: this.#lastPass?.loss ?? null,
      grad_norm: this.#lastPass?.grad_norm ?? null,
      learning_rate: learningRate,
      gpu_utilization: null,
      throughput: null,
      cost_so_far: 0,
    });
    if (this.#rows.length > maxMetricsRows) {
      this.#rows.shift();
    }
    return { step: this.#step, learning_rate: learningRate, metrics: {} };
  }

  /** One token for each prompt: the action. `logprobs` are the policy's own, before temperature and top_p. */
  sample(request: SampleRequest) {
    this.#beginOperation();
    const samples = request.observations.map((observation) => {
      const logProbs = logSoftmax(this.#network.policy.forward(observation));
      const action = sampleAction(logProbs, request, this.#random);
      return { action, logProb: at(logProbs, action) };
    });
    return {
      outputs: samples.map(({ action }) => String(action)),
      token_ids: samples.map(({ action }) => [action]),
      tokens: samples.map(({ action }) => [action === 0 ? 'left' : 'right']),
      logprobs: request.returnLogProbs ? samples.map(({ logProb }) => [logProb]) : null,
    };
  }

  saveState(request: SaveStateRequest, artifacts: ArtifactStore) {
    this.#beginOperation();
    if (request.pushToHub) {
      throw new ApiError(501, 'push_to_hub is not implemented: this server stays on this machine');
    }
    const manifest = {
      run_id: this.id,
      base_model: this.#config.base_model,
      mode: request.mode,
      step: this.#step,
      num_parameters: this.#network.parameters.values.length,
    };
    const path = `memory:///runs/${this.id}/step-${this.#step}`;
    const parameters = [...this.#network.parameters.values];
    return {
      artifact_uri: path,
      local_path: null,
      checkpoint_path: path,
      s3_uri: null,
      download_url: artifacts.publish({ manifest, parameters }),
      download_expires_at: null,
      manifest,
      pushed_to_hub: false,
      hub_model_id: null,
    };
  }

  complete() {
    this.#beginOperation();
    this.#status = 'completed';
    return this.status;
  }

  get created() {
    return {
      run_id: this.id,
      user_id: this.userId,
      base_model: this.#config.base_model,
      status: this.#status,
      created_at: this.#createdAt,
      config: this.#config,
    };
  }

  get status() {
    return {
      ...this.created,
      current_step: this.#step,
      updated_at: this.#updatedAt,
      cost_so_far: 0,
      charged_so_far: 0,
      cost_per_hour: 0,
    };
  }

  get metrics() {
    return { run_id: this.id, step: this.#step, metrics: this.#rows };
  }

  #beginOperation(): void {
    if (this.#status === 'completed') {
      throw new ApiError(400, `Run ${this.id} is completed`);
    }
    this.#updatedAt = new Date().toISOString();
  }
}
