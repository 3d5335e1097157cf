import type { Attributes, Tracer } from '@opentelemetry/api';
import { warnOnce } from '../otel/diagnostics.ts';
import { guard } from './guard.ts';
import { type OperationReport, operationName, TimedOperation } from './operation.ts';

/** More than a run has under way, but for those that are begun and never ended: the oldest are forgotten. */
const MAX_OPEN = 1_000;

/** A run's operations under way. */
export class OpenOperations {
  readonly #tracer: Tracer;
  readonly #attributes: Attributes;
  readonly #report: (report: OperationReport) => void;
  /** In the order in which they began. */
  readonly #open = new Set<TimedOperation>();

  /**
   * @param attributes of every span.
   * @param report is told of each that has ended.
   */
  constructor(tracer: Tracer, attributes: Attributes, report: (report: OperationReport) => void) {
    this.#tracer = tracer;
    this.#attributes = attributes;
    this.#report = report;
  }

  /** The operation of that name which has begun last and not ended. */
  last(name: string): TimedOperation | undefined {
    return [...this.#open].findLast((operation) => operation.name === name);
  }

  /** Never throws; `undefined`, with one warning, where there is no name to begin one under. */
  begin(name: unknown, step: number | null): TimedOperation | undefined {
    let operation: TimedOperation | undefined;
    guard('timeOperation', () => {
      const bare = operationName(name);
      if (bare === undefined) warnOnce('operation', 'timeOperation: an operation needs a name; it is not timed');
      else {
        operation = new TimedOperation(bare, {
          tracer: this.#tracer,
          attributes: this.#attributes,
          step,
          report: (report, ended) => {
            this.#open.delete(ended);
            this.#report(report);
          },
        });
        this.#keep(operation);
      }
    });
    return operation;
  }

  #keep(operation: TimedOperation): void {
    this.#open.add(operation);
    if (this.#open.size <= MAX_OPEN) return;
    const [oldest = operation] = this.#open;
    this.#open.delete(oldest);
  }
}
