import type { Attributes, Span, Tracer } from '@opentelemetry/api';
import { NAMESPACE, qualifiedName, toSnakeCase } from '../catalogue/index.ts';
import { errorType, recordFailure, startSpan } from '../otel/spans.ts';
import { guard } from './guard.ts';
import { isStep } from './step-counter.ts';

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
  readonly step: number | null;
  report(report: OperationReport): void;
}

/** One operation: a span and a duration that begin and end together. */
export class TimedOperation implements Operation {
  readonly span: Span;
  readonly #name: string;
  readonly #context: OperationContext;
  readonly #startedMillis: number;
  #ended = false;

  constructor(name: string, context: OperationContext) {
    this.#name = name;
    this.#context = context;
    this.span = startSpan(context.tracer, name, context.attributes);
    this.#startedMillis = performance.now();
  }

  end(outcome: OperationOutcome = {}): void {
    const durationMillis = performance.now() - this.#startedMillis;
    if (this.#ended) return;
    this.#ended = true;
    guard('operation.end', () => this.#report(outcome ?? {}, durationMillis));
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #report(outcome: OperationOutcome, durationMillis: number): void {
    const step = isStep(outcome.step) ? outcome.step : this.#context.step;
    if (step !== null) this.span.setAttribute('step', step);
    // Code may throw `undefined`, and that too is a failure.
    const failed = 'error' in outcome;
    if (failed) recordFailure(this.span, outcome.error);
    this.span.end();
    this.#context.report({
      metric: durationMetric(this.#name),
      durationMillis,
      ...(failed && { errorType: errorType(outcome.error) }),
    });
  }
}

function durationMetric(operation: string): string {
  return `${NAMESPACE}.performance.${operation}_duration_ms`;
}

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
  if (bare !== undefined && bareNames.size < MAX_REMEMBERED_NAMES) bareNames.set(name, bare);
  return bare;
}

function bareName(name: string): string | undefined {
  const bare = toSnakeCase(name.trim())
    .replace(/^signal\.(performance\.)?/, '')
    .replace(/(_duration)?(_ms)?$/, '');
  return qualifiedName(bare)?.slice(`${NAMESPACE}.`.length);
}

/** The step that an operation's result names, where it is an answer of Signal's that has one. */
export function stepOf(result: unknown): number | undefined {
  let step: unknown;
  guard('timeOperation', () => {
    if (typeof result === 'object' && result !== null && 'step' in result) step = result.step;
  });
  return isStep(step) ? step : undefined;
}
