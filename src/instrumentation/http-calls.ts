import { trace } from '@opentelemetry/api';
import { log } from '../otel/diagnostics.ts';
import { errorType } from '../otel/errors.ts';
import { type Exchange, type HttpRequest, shielded } from './exchange.ts';
import { JsonAnswer } from './json-answer.ts';
import { doNow } from './later.ts';
import { outcomeOf, textIn } from './outcome.ts';
import { PrimitiveExchange } from './primitive-exchange.ts';
import { Retries } from './retries.ts';
import { type ApiRequest, RUN_ID, type SignalApi } from './signal-api.ts';
import type { CallTracker } from './tracker.ts';

/** Follows Signal's calls by their HTTP requests. */
export class HttpCalls {
  readonly #api: SignalApi;
  readonly #tracker: CallTracker;
  readonly #retries = new Retries();

  constructor(api: SignalApi, tracker: CallTracker) {
    this.#api = api;
    this.#tracker = tracker;
  }

  /** What is to be told of a request; `undefined` where it is none of Signal's, or nothing can be learnt from it. */
  observe(request: HttpRequest): Exchange | undefined {
    const asked = this.#api.match(request.method, request.url);
    const exchange = asked && this.#exchangeOf(request, asked);
    return exchange && shielded(exchange, (error) => log.debug(`a call is not followed further: ${errorType(error)}`));
  }

  #exchangeOf(request: HttpRequest, asked: ApiRequest): Exchange | undefined {
    switch (asked.kind) {
      case 'primitive':
        return new PrimitiveExchange(request, asked, this.#tracker, this.#retries);
      case 'poll':
        return this.#poll(asked.id);
      case 'createRun':
        return new JsonAnswer((answer) => this.#identify(answer));
      case 'queueStats':
        return new JsonAnswer((answer) => this.#showQueue(asked.runId, answer));
      case 'complete':
        return new JsonAnswer(() => this.#tracker.runs.end(asked.runId));
    }
  }

  #poll(id: string): Exchange | undefined {
    // The answer that names it may be among what waits.
    doNow();
    const call = this.#tracker.pending(id);
    if (call === undefined) return undefined;
    const asking = trace.getActiveSpan();
    return new JsonAnswer((answer) => {
      const outcome = outcomeOf(answer);
      if (outcome.state === 'pending') return;
      if (asking !== undefined) call.linkTo(asking.spanContext());
      this.#tracker.settle(call, outcome);
    });
  }

  #identify(answer: object): void {
    const runId = textIn(answer, ['run_id', 'runId']);
    // A path alone does not tell that this is Signal.
    if (runId === undefined || !RUN_ID.test(runId)) return;
    this.#tracker.runs.identify(runId, {
      userId: textIn(answer, ['user_id', 'userId']),
      model: textIn(answer, ['base_model', 'baseModel']),
    });
  }

  /** What waits and what runs: submitted and not finished, as this side counts it. */
  #showQueue(runId: string, answer: object): void {
    const { queued, running }: { queued?: unknown; running?: unknown } = answer;
    if (typeof queued !== 'number') return;
    this.#tracker.runs.of(runId).serverDepth(queued + (typeof running === 'number' ? running : 0));
  }
}
