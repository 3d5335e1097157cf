import { fetchTransport, type Transport } from './transports.ts';

/** One item of `batch_data` as the training server takes it: consecutive steps of one environment. */
export interface BatchItem {
  readonly observations: readonly (readonly number[])[];
  readonly actions: readonly number[];
  readonly rewards: readonly number[];
  readonly dones: readonly boolean[];
  readonly logprobs: readonly number[];
  readonly next_observation: readonly number[];
  readonly episode_returns?: readonly number[];
}

export interface RunRequest {
  readonly base_model: string;
  readonly learning_rate?: number;
  readonly seed?: number;
}

export interface Run {
  readonly run_id: string;
  readonly user_id: string;
  readonly base_model: string;
}

export interface ForwardBackwardRequest {
  readonly batchData: readonly BatchItem[];
  readonly lossFn: string;
  readonly lossKwargs?: Readonly<Record<string, number>>;
}

export interface ForwardBackwardResult {
  readonly loss: number;
  readonly step: number;
  readonly grad_norm: number | null;
  readonly metrics: Readonly<Record<string, number>> | null;
}

export interface OptimStepResult {
  readonly step: number;
  readonly learning_rate: number;
}

export interface SampleRequest {
  readonly prompts: readonly string[];
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly returnLogprobs?: boolean;
}

export interface SampleResult {
  readonly outputs: readonly string[];
  readonly token_ids: readonly (readonly number[])[];
  readonly logprobs: readonly (readonly number[])[] | null;
}

export interface SaveStateResult {
  readonly artifact_uri: string;
  readonly checkpoint_path: string;
}

/** An answer that is not 2xx, or not what the API promises. Names the endpoint, never the key. */
export class SignalApiError extends Error {
  override readonly name = 'SignalApiError';
  /** HTTP status, or undefined where no answer came. */
  readonly status: number | undefined;

  constructor(endpoint: string, status: number | undefined, reason: string, options?: ErrorOptions) {
    super(`${endpoint}: ${reason}`, options);
    this.status = status;
  }
}

export interface SignalClientOptions {
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Default: by `fetch`. */
  readonly transport?: Transport;
}

export class SignalClient {
  readonly #apiKey: string;
  readonly #baseUrl: string;
  readonly #transport: Transport;

  constructor({ apiKey, baseUrl, transport = fetchTransport }: SignalClientOptions) {
    this.#apiKey = apiKey;
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#transport = transport;
  }

  createRun(request: RunRequest): Promise<Run> {
    return this.post('/runs', request, isRun);
  }

  getTrainingClient(runId: string): TrainingClient {
    return new TrainingClient(this, runId);
  }

  /** Returns the server's JSON as it is, once `isExpected` has seen it. */
  async post<T>(path: string, body: object, isExpected: (answer: unknown) => answer is T): Promise<T> {
    const endpoint = `POST ${path}`;
    const { status, body: text } = await this.#transport({
      url: `${this.#baseUrl}${path}`,
      headers: { authorization: `Bearer ${this.#apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch((error: unknown) => {
      throw new SignalApiError(endpoint, undefined, `no answer from ${this.#baseUrl}`, { cause: error });
    });
    if (status < 200 || status >= 300) {
      throw new SignalApiError(endpoint, status, `HTTP ${status} ${text.slice(0, 500)}`);
    }
    const answer = parseJson(text);
    if (!isExpected(answer)) {
      throw new SignalApiError(endpoint, status, `unexpected answer ${text.slice(0, 500)}`);
    }
    return answer;
  }
}

/** The operations of one run. */
export class TrainingClient {
  readonly #client: SignalClient;
  readonly #path: string;

  constructor(client: SignalClient, runId: string) {
    this.#client = client;
    this.#path = `/runs/${runId}`;
  }

  forwardBackward({ batchData, lossFn, lossKwargs = {} }: ForwardBackwardRequest): Promise<ForwardBackwardResult> {
    const body = { batch_data: batchData, loss_fn: lossFn, loss_kwargs: lossKwargs };
    return this.#client.post(`${this.#path}/forward_backward`, body, isForwardBackwardResult);
  }

  optimStep({ learningRate }: { readonly learningRate?: number } = {}): Promise<OptimStepResult> {
    return this.#client.post(`${this.#path}/optim_step`, { learning_rate: learningRate }, isOptimStepResult);
  }

  sample({ prompts, maxTokens, temperature, topP, returnLogprobs }: SampleRequest): Promise<SampleResult> {
    const body = { prompts, max_tokens: maxTokens, temperature, top_p: topP, return_logprobs: returnLogprobs };
    return this.#client.post(`${this.#path}/sample`, body, isSampleResult);
  }

  saveState(): Promise<SaveStateResult> {
    return this.#client.post(`${this.#path}/save_state`, {}, isSaveStateResult);
  }

  async complete(): Promise<void> {
    await this.#client.post(`${this.#path}/complete`, {}, isObject);
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumberRows(value: unknown): value is number[][] {
  return Array.isArray(value) && value.every((row) => Array.isArray(row) && row.every(Number.isFinite));
}

function isRun(value: unknown): value is Run {
  return isObject(value) && [value.run_id, value.user_id, value.base_model].every((each) => typeof each === 'string');
}

function isForwardBackwardResult(value: unknown): value is ForwardBackwardResult {
  return (
    isObject(value) &&
    typeof value.loss === 'number' &&
    typeof value.step === 'number' &&
    (value.grad_norm === null || typeof value.grad_norm === 'number') &&
    (value.metrics === null ||
      (isObject(value.metrics) && Object.values(value.metrics).every((each) => typeof each === 'number')))
  );
}

function isOptimStepResult(value: unknown): value is OptimStepResult {
  return isObject(value) && typeof value.step === 'number' && typeof value.learning_rate === 'number';
}

function isSampleResult(value: unknown): value is SampleResult {
  return (
    isObject(value) &&
    Array.isArray(value.outputs) &&
    value.outputs.every((output) => typeof output === 'string') &&
    isNumberRows(value.token_ids) &&
    (value.logprobs === null || isNumberRows(value.logprobs))
  );
}

function isSaveStateResult(value: unknown): value is SaveStateResult {
  return isObject(value) && typeof value.artifact_uri === 'string' && typeof value.checkpoint_path === 'string';
}
