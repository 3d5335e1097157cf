import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attributes, Span, SpanKind, Tracer } from '@opentelemetry/api';
import { NAMESPACE, qualifiedName, toSnakeCase } from '../catalogue/index.ts';
import { errorType } from '../otel/errors.ts';
import { recordFailure, startSpan, withActiveSpan } from '../otel/spans.ts';
import { cut } from '../otel/text.ts';
import { guard } from './guard.ts';
import { isStep } from './step-counter.ts';

/** How an operation ended. */
export interface OperationOutcome {
  /** What the operation failed with. Marks the span as an error; the duration counts all the same. */
  readonly error?: unknown;
  /** The step it belonged to. Default: the last step that the collector was told of when the operation began. */
  readonly step?: number | undefined;
}

/**
 * An operation under way. `end()` records it; a second `end()` does nothing. With
 * `using operation = collector.startOperation('sample')` leaving the block ends it.
 */
export interface Operation extends Disposable {
  /** Records the span and the duration. Never throws. */
  end(outcome?: OperationOutcome): void;
}

export interface OperationReport {
  /** `signal.performance.<name>_duration_ms` */
  readonly metric: string;
  readonly durationMillis: number;
  /** Set where it failed: a name of the failure that few values can take. */
  readonly errorType?: string;
}

export interface OperationContext {
  readonly tracer: Tracer;
  readonly attributes: Attributes;
  /** Default: internal. */
  readonly kind?: SpanKind;
  readonly step: number | null;
  report(report: OperationReport, operation: TimedOperation): void;
}

type Failure = Pick<OperationReport, 'errorType'>;

/** Not OpenTelemetry's context: that needs a context manager, which a host without spans has none of. */
const active = new AsyncLocalStorage<TimedOperation>();

/** The operation that the running code is a part of. What an operation has left running goes on without it. */
export function activeOperation(): TimedOperation | undefined {
  const operation = active.getStore();
  return operation?.isEnded ? undefined : operation;
}

/** One operation: a span and a duration that begin and end together. */
export class TimedOperation implements Operation {
  /** The bare name, as `operationName` gives it. */
  readonly name: string;
  readonly span: Span;
  readonly #context: OperationContext;
  readonly #startedMillis: number;
  #stoppedMillis: number | undefined;
  #ended = false;

  constructor(name: string, context: OperationContext) {
    this.name = name;
    this.#context = context;
    this.span = startSpan(context.tracer, name, context.attributes, context.kind);
    this.#startedMillis = performance.now();
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Runs `fn` as a part of the operation: spans made inside become its children. */
  run<T>(fn: () => T): T {
    return active.run(this, () => withActiveSpan(this.span, fn));
  }

  /** Tells when it was over, before `end` tells how; in the time of `performance.now()`. */
  stop(nowMillis: number = performance.now()): void {
    this.#stoppedMillis ??= nowMillis;
  }

  end(outcome: OperationOutcome = {}): void {
    if (this.#ended) return;
    this.stop();
    const stoppedMillis = this.#stoppedMillis;
    const durationMillis = (stoppedMillis ?? 0) - this.#startedMillis;
    this.#ended = true;
    const given: unknown = outcome;
    let failure: Failure | undefined;
    guard('operation.end', () => {
      failure = this.#describe(typeof given === 'object' && given !== null ? given : {});
    });
    guard('operation.end', () => this.span.end(stoppedMillis));
    guard('operation.end', () => {
      this.#context.report({ metric: durationMetric(this.name), durationMillis, ...failure }, this);
    });
  }

  [Symbol.dispose](): void {
    this.end();
  }

  /** Tells the span how the operation ended. */
  #describe(outcome: OperationOutcome): Failure | undefined {
    const step = isStep(outcome.step) ? outcome.step : this.#context.step;
    if (step !== null) this.span.setAttribute('step', step);
    // Code may throw `undefined`, and that too is a failure.
    if (!('error' in outcome)) return undefined;
    const { error } = outcome;
    guard('operation.end', () => recordFailure(this.span, error));
    return { errorType: errorType(error) };
  }
}

const METRIC_PREFIX = `${NAMESPACE}.performance.`;
const METRIC_SUFFIX = '_duration_ms';

function durationMetric(operation: string): string {
  return `${METRIC_PREFIX}${operation}${METRIC_SUFFIX}`;
}

/** What the metric's name leaves of the 200 characters that Datadog takes. */
const MAX_NAME_LENGTH = 200 - METRIC_PREFIX.length - METRIC_SUFFIX.length;

/** Names are few and come again with every step; bounded, since they may be made from data. */
const MAX_REMEMBERED_NAMES = 1_000;
const bareNames = new Map<string, string>();

/**
 * The bare name of an operation, however it came: `forwardBackward`, `forward_backward_duration_ms` and
 * `signal.performance.forward_backward_duration_ms` are all `forward_backward`. `undefined` where nothing is left.
 */
export function operationName(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  const known = bareNames.get(name);
  if (known !== undefined) return known;
  const bare = bareName(name);
  const isWorthIt = name.length <= MAX_NAME_LENGTH && bareNames.size < MAX_REMEMBERED_NAMES;
  if (bare !== undefined && isWorthIt) bareNames.set(name, bare);
  return bare;
}

function bareName(name: string): string | undefined {
  const bare = toSnakeCase(cut(name.trim(), MAX_NAME_LENGTH))
    .replace(/^signal\.(performance\.)?/, '')
    .replace(/(_duration)?(_ms)?$/, '');
  // Snake case may be longer.
  return qualifiedName(bare)?.slice(`${NAMESPACE}.`.length, `${NAMESPACE}.`.length + MAX_NAME_LENGTH);
}

/** The step that an operation's result names, where it is an answer of Signal's that has one. */
export function stepOf(result: unknown): number | undefined {
  let step: unknown;
  guard('timeOperation', () => {
    if (typeof result === 'object' && result !== null && 'step' in result) step = result.step;
  });
  return isStep(step) ? step : undefined;
}
