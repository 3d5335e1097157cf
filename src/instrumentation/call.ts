import { type Attributes, type Span, type SpanContext, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { markCollected } from '../run/collector.ts';
import { type OperationOutcome, type OperationReport, stepOf, TimedOperation } from '../run/operation.ts';
import { CallFailure, type FailureKind } from './failure.ts';
import { textIn } from './outcome.ts';
import type { RequestFacts } from './request-facts.ts';
import type { Run } from './runs.ts';
import { hasMetrics } from './signal-api.ts';

/** What a call's span says of its request. */
export type CallDescription = RequestFacts & {
  /** How often it was sent before. */
  readonly retryCount?: number;
};

export interface CallOptions {
  readonly primitive: string;
  readonly tracer: Tracer;
  readonly attributes: Attributes;
  /** The run whose metrics the call feeds; absent where it is not known yet, or the host records them itself. */
  readonly run?: Run | undefined;
  onFinished(call: SignalCall): void;
}

export function describeSpan(span: Span, { lossFn, batchSize, retryCount }: CallDescription): void {
  if (lossFn !== undefined) span.setAttribute('loss_fn', lossFn);
  if (batchSize !== undefined) span.setAttribute('batch_size', batchSize);
  if (retryCount !== undefined) span.setAttribute('retry_count', retryCount);
}

/** A call of a primitive, from its submission until its outcome is known, however many requests that takes. */
export class SignalCall {
  readonly operation: TimedOperation;
  readonly #onFinished: (call: SignalCall) => void;
  #run: Run | undefined;
  readonly #parentSpanId = trace.getActiveSpan()?.spanContext().spanId;
  #accumulate = false;
  #failedRequest: FailureKind | undefined;
  #isFinished = false;
  #report: OperationReport | undefined;

  constructor({ primitive, tracer, attributes, run, onFinished }: CallOptions) {
    this.#run = run;
    this.#onFinished = onFinished;
    this.operation = new TimedOperation(primitive, {
      tracer,
      attributes,
      kind: SpanKind.CLIENT,
      step: null,
      report: (report) => {
        this.#report = report;
      },
    });
    run?.submitted();
  }

  get primitive(): string {
    return this.operation.name;
  }

  get runId(): string | undefined {
    return this.#run?.collector.runId;
  }

  /** Tells a call of a client whose run it belongs to. */
  belongsTo(find: () => Run): void {
    if (this.#run !== undefined || this.#isFinished) return;
    const run = find();
    this.#run = run;
    this.operation.span.setAttributes(run.collector.spanAttributes);
    run.submitted();
  }

  /** Whether gradients accumulate, by the request. */
  accumulates(accumulate: boolean): void {
    this.#accumulate = accumulate;
  }

  /** One of its requests has failed; a client may send another. */
  requestFailed(kind: FailureKind): void {
    this.#failedRequest = kind;
  }

  /** Tells of a span that the call has to do with, and is not a child of. */
  linkTo(context: SpanContext): void {
    if (context.spanId !== this.#parentSpanId) this.operation.span.addLink({ context });
  }

  /** @param answer with whatever metrics it has. */
  succeed(answer: object | undefined): void {
    if (!this.#finish({ step: answer && stepIn(answer) })) {
      // The caller has it too, as another object than the one that was collected.
      if (answer !== undefined && hasMetrics(this.primitive)) markCollected(answer);
      return;
    }
    const run = this.#run;
    if (run === undefined) return;
    const requestId = answer && textIn(answer, ['request_id', 'requestId']);
    if (requestId === undefined || run.isFirstAnswer(requestId)) {
      if (this.#report !== undefined) run.collector.recordOperation(this.#report);
      if (answer !== undefined && hasMetrics(this.primitive))
        run.collector.collectAnswer(answer, { accumulate: this.#accumulate });
    }
    run.finished();
  }

  /** @param error a `CallFailure`, or what a client has thrown. */
  fail(error: unknown): void {
    if (this.#isFinished) return;
    const kind = error instanceof CallFailure ? error.kind : this.#failedRequest;
    if (kind !== undefined) this.operation.span.setAttribute('error_kind', kind);
    this.#finish({ error });
    if (this.#report !== undefined) this.#run?.collector.recordOperation(this.#report);
    this.#run?.finished();
  }

  /** Its outcome will not be known: the span ends, and nothing is recorded. */
  abandon(): void {
    if (this.#isFinished) return;
    this.operation.span.setAttribute('unfinished', true);
    this.#finish({});
    this.#run?.finished();
  }

  /** @returns whether it had not finished before. */
  #finish(outcome: OperationOutcome): boolean {
    if (this.#isFinished) return false;
    this.#isFinished = true;
    this.operation.end(outcome);
    this.#onFinished(this);
    return true;
  }
}

function stepIn(answer: object): number | undefined {
  return stepOf(answer) ?? stepOf(Reflect.get(answer, 'result')) ?? stepOf(Reflect.get(answer, 'metrics'));
}
