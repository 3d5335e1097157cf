import { type Attributes, context, propagation, trace } from '@opentelemetry/api';
import { guard } from '../run/guard.ts';
import type { TimedOperation } from '../run/operation.ts';
import { AnswerBody } from './answer.ts';
import { describeSpan, type SignalCall } from './call.ts';
import type { Exchange, HttpRequest, ResponseHead } from './exchange.ts';
import { CallFailure } from './failure.ts';
import { later } from './later.ts';
import { outcomeOf } from './outcome.ts';
import { RequestBody } from './request-body.ts';
import type { Retries } from './retries.ts';
import { type ApiRequest, hasMetrics, requestKey } from './signal-api.ts';
import type { CallTracker } from './tracker.ts';

type PrimitiveRequest = Extract<ApiRequest, { kind: 'primitive' }>;

/** Of texts, tokens and addresses nothing is recorded; that an operation is to be asked for later is a short answer. */
const MAX_BYTES_WITHOUT_METRICS = 16_384;

/** The request of one primitive: a call of its own, or a part of an operation that somebody times. */
export class PrimitiveExchange implements Exchange {
  readonly #request: HttpRequest;
  readonly #asked: PrimitiveRequest;
  readonly #tracker: CallTracker;
  readonly #retries: Retries;
  readonly #body = new RequestBody();
  readonly #operation: TimedOperation;
  /** The call that the request makes or, of a wrapped client, is a part of. */
  readonly #call: SignalCall | undefined;
  /** Whether the request is the whole call. */
  readonly #isWhole: boolean;
  readonly #sentBefore: number | undefined;
  #status: number | undefined;
  #answer: AnswerBody | undefined;
  #isOver = false;

  constructor(request: HttpRequest, asked: PrimitiveRequest, tracker: CallTracker, retries: Retries) {
    const { primitive, runId } = asked;
    this.#asked = asked;
    this.#tracker = tracker;
    this.#retries = retries;
    const around = tracker.operationAround(primitive, runId);
    if (around === undefined) {
      const call = tracker.beginRequest(primitive, runId);
      this.#call = call;
      this.#operation = call.operation;
    } else {
      this.#call = tracker.clientCall(around, runId);
      this.#operation = around;
      this.#sentBefore = retries.beforeOf(around);
    }
    this.#isWhole = around === undefined;
    this.#request = request;
    const { span } = this.#operation;
    // The server's spans become the call's children.
    guard('propagation', () =>
      propagation.inject(trace.setSpan(context.active(), span), request, {
        set: (carrier, name, value) => carrier.setHeader(name, value),
      }),
    );
  }

  onRequestChunk(chunk: Uint8Array | string): void {
    this.#body.add(chunk);
  }

  onRequestEnd(): void {
    this.#body.readSoon();
  }

  onResponse(head: ResponseHead): void {
    this.#status = head.status;
    if (head.status >= 400) this.#fail(CallFailure.ofStatus(head.status));
    else if (head.status >= 300) this.#redirect();
    else this.#answer = new AnswerBody(head, hasMetrics(this.#asked.primitive) ? undefined : MAX_BYTES_WITHOUT_METRICS);
  }

  onResponseChunk(chunk: Uint8Array): void {
    this.#answer?.add(chunk);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const endMillis = performance.now();
    if (this.#isWhole && this.#tracker.readsLater) later(() => this.#conclude(endMillis));
    else this.#conclude(endMillis);
  }

  onError(error: unknown): void {
    // Every request of node:http closes, also after its answer: only one that has none makes a failure of it.
    if (!this.#isOver) this.#fail(CallFailure.ofConnection(error));
  }

  /** @param endMillis when the answer was there. */
  #conclude(endMillis: number): void {
    if (this.#answer === undefined) this.#succeed(undefined, endMillis);
    else this.#answer.read((answer) => this.#succeed(answer, endMillis));
  }

  #succeed(answer: object | undefined, endMillis: number): void {
    this.#describe();
    this.#retries.succeeded(this.#key);
    const outcome = answer && outcomeOf(answer, this.#asked.runId);
    if (this.#call === undefined) return;
    if (outcome?.state === 'pending') {
      this.#tracker.await(this.#call, outcome.ids);
      return;
    }
    if (!this.#isWhole) return;
    this.#operation.stop(endMillis);
    if (outcome === undefined) this.#call.succeed(undefined);
    else this.#tracker.settle(this.#call, outcome);
  }

  /** Nothing was computed: a client that follows sends another request, which is the call. */
  #redirect(): void {
    this.#isOver = true;
    this.#describe();
    if (this.#isWhole) this.#call?.abandon();
    else this.#tracker.release(this.#operation);
  }

  #fail(failure: CallFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { fingerprint, retryCount } = this.#describe();
    if (this.#isWhole) {
      if (failure.isPassing) this.#retries.failed(this.#key, fingerprint, retryCount);
      this.#call?.fail(failure);
      return;
    }
    // The operation may succeed yet, by another request.
    this.#operation.span.addEvent('request failed', { 'error.type': failure.code, error_kind: failure.kind });
    this.#call?.requestFailed(failure.kind);
    this.#tracker.release(this.#operation);
  }

  /** What is known of the request only now: its body may have been on its way until the answer came. */
  #describe() {
    const { facts, fingerprint } = this.#body.read();
    const retryCount = this.#sentBefore ?? this.#retries.before(this.#key, fingerprint);
    const { span } = this.#operation;
    span.setAttributes(httpAttributes(this.#request, this.#status));
    describeSpan(span, { ...facts, retryCount });
    this.#call?.accumulates(facts.accumulate ?? false);
    return { fingerprint, retryCount };
  }

  get #key(): string {
    return requestKey(this.#asked.runId, this.#asked.primitive);
  }
}

function httpAttributes({ method, url }: HttpRequest, status: number | undefined): Attributes {
  return {
    'http.request.method': method,
    'server.address': url.hostname,
    'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
    'url.path': url.pathname,
    ...(status !== undefined && { 'http.response.status_code': status }),
  };
}
