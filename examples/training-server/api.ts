import type { ArtifactStore } from './artifacts.ts';
import { ApiError } from './errors.ts';
import { FutureStore } from './futures.ts';
import type { JsonReader } from './json-reader.ts';
import { RecentMap } from './recent-map.ts';
import { readForwardBackward, readOptimStep, readRunConfig, readSample, readSaveState } from './requests.ts';
import { TrainingRun } from './run.ts';

const maxRuns = 1000;

export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly userId: string;
  readonly body: JsonReader;
}

/** `id` is the second part of the path: of a run or of a future. */
type Endpoint = (call: ApiCall, id: string) => object | Promise<object>;

/** Reads its request at once, so that a bad one is refused before it is queued, and computes in its turn. */
type Operation = (run: TrainingRun, body: JsonReader) => () => object;

/** Signal's API over the runs of this process. */
export class TrainingApi {
  readonly #runs = new RecentMap<TrainingRun>(maxRuns);
  readonly #futures = new FutureStore();
  readonly #artifacts: ArtifactStore;
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(artifacts: ArtifactStore) {
    this.#artifacts = artifacts;
    this.#endpoints.set('POST /runs', (call) => this.#createRun(call));
    this.#endpoints.set('GET /runs/{id}/status', (call, id) => this.#run(call, id).status);
    this.#endpoints.set('GET /runs/{id}/metrics', (call, id) => this.#run(call, id).metrics);
    this.#endpoints.set('GET /runs/{id}/queue/stats', (call, id) => this.#run(call, id).queue.stats);
    this.#endpoints.set('GET /futures/{id}', (_call, id) => this.#futures.read(id));
    this.#endpoints.set('POST /runs/{id}/complete', (call, id) => {
      const run = this.#run(call, id);
      return run.queue.submit(() => run.complete());
    });
    this.#addOperation('forward_backward', (run, body) => {
      const request = readForwardBackward(body);
      return () => run.forwardBackward(request);
    });
    this.#addOperation('optim_step', (run, body) => {
      const request = readOptimStep(body);
      return () => run.optimStep(request);
    });
    this.#addOperation('sample', (run, body) => {
      const request = readSample(body);
      return () => run.sample(request);
    });
    this.#addOperation('save_state', (run, body) => {
      const request = readSaveState(body);
      return () => run.saveState(request, this.#artifacts);
    });
  }

  async answer(call: ApiCall): Promise<object> {
    const [root, collection, id, ...rest] = call.path.split('/');
    const template = id === undefined ? call.path : [root, collection, '{id}', ...rest].join('/');
    const endpoint = this.#endpoints.get(`${call.method} ${template}`);
    if (endpoint === undefined) {
      throw new ApiError(404, `No endpoint ${call.method} ${call.path}`);
    }
    return endpoint(call, id ?? '');
  }

  #addOperation(name: string, operation: Operation): void {
    this.#endpoints.set(`POST /runs/{id}/${name}`, (call, id) => this.#submit(operation, call, id));
    this.#endpoints.set(`POST /runs/{id}/${name}_async`, (call, id) =>
      this.#futures.open(this.#submit(operation, call, id)),
    );
  }

  #submit(operation: Operation, call: ApiCall, id: string): Promise<object> {
    const run = this.#run(call, id);
    return run.queue.submit(operation(run, call.body));
  }

  #createRun(call: ApiCall): object {
    const run = new TrainingRun(call.userId, readRunConfig(call.body));
    this.#runs.set(run.id, run);
    return run.created;
  }

  #run(call: ApiCall, id: string): TrainingRun {
    const run = this.#runs.get(id);
    if (run === undefined || run.userId !== call.userId) {
      throw new ApiError(404, `Run ${id} not found`);
    }
    return run;
  }
}
