import type { Attributes, Tracer } from '@opentelemetry/api';
import { warnOnce } from '../otel/diagnostics.ts';
import { guard } from './guard.ts';
import { type OperationReport, operationName, TimedOperation } from './operation.ts';

/** As many as no run has: of operations that are begun and never ended, under ever new names. */
const MAX_OPEN_NAMES = 100;

/** A run's operations under way. */
export class OpenOperations {
  readonly #tracer: Tracer;
  readonly #attributes: Attributes;
  readonly #report: (report: OperationReport) => void;
  /** The last one of each name. */
  readonly #open = new Map<string, TimedOperation>();

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
    return this.#open.get(name);
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
            if (this.#open.get(bare) === ended) this.#open.delete(bare);
            this.#report(report);
          },
        });
        if (this.#open.size < MAX_OPEN_NAMES) this.#open.set(bare, operation);
      }
    });
    return operation;
  }
}
