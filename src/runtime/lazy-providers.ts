import type {
  Context,
  Logger,
  LoggerOptions,
  LoggerProvider,
  LogRecord,
  Meter,
  MeterOptions,
  MeterProvider,
  Span,
  SpanOptions,
  Tracer,
  TracerOptions,
  TracerProvider,
} from '@opentelemetry/api';
import { NAMESPACE } from '../catalogue/naming.ts';

/** The package's own meter from the bound meter, any other from the official SDK. */
export class LazyMeterProvider implements MeterProvider {
  readonly #bound: () => MeterProvider;
  readonly #official: () => MeterProvider;

  constructor(bound: () => MeterProvider, official: () => MeterProvider) {
    this.#bound = bound;
    this.#official = official;
  }

  getMeter(name: string, version?: string, options?: MeterOptions): Meter {
    const provider = name === NAMESPACE ? this.#bound() : this.#official();
    return provider.getMeter(name, version, options);
  }
}

/** Tracers that load the official SDK with their first span. */
export class LazyTracerProvider implements TracerProvider {
  readonly #official: () => TracerProvider;

  constructor(official: () => TracerProvider) {
    this.#official = official;
  }

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    return new LazyTracer(() => this.#official().getTracer(name, version, options));
  }
}

class LazyTracer implements Tracer {
  readonly #create: () => Tracer;
  #tracer: Tracer | undefined;

  constructor(create: () => Tracer) {
    this.#create = create;
  }

  startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    return this.#official().startSpan(name, options, context);
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(name: string, options: SpanOptions, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    context: Context,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(...args: StartActiveSpanArguments<F>): ReturnType<F> {
    // One overload is chosen by the number of arguments, which the caller's own call has fixed.
    return Reflect.apply(this.#official().startActiveSpan, this.#official(), args);
  }

  #official(): Tracer {
    this.#tracer ??= this.#create();
    return this.#tracer;
  }
}

type StartActiveSpanArguments<F> =
  | [name: string, fn: F]
  | [name: string, options: SpanOptions, fn: F]
  | [name: string, options: SpanOptions, context: Context, fn: F];

/** Loggers that load the official SDK with their first record. */
export class LazyLoggerProvider implements LoggerProvider {
  readonly #official: () => LoggerProvider;

  constructor(official: () => LoggerProvider) {
    this.#official = official;
  }

  getLogger(name: string, version?: string, options?: LoggerOptions): Logger {
    let logger: Logger | undefined;
    const official = () => {
      logger ??= this.#official().getLogger(name, version, options);
      return logger;
    };
    return {
      emit: (record: LogRecord) => official().emit(record),
      enabled: (...args) => official().enabled(...args),
    };
  }
}
