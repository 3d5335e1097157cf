import {
  type Context,
  createNoopLogger,
  type Logger,
  type LoggerOptions,
  type LoggerProvider,
  type LogRecord,
  ProxyTracerProvider,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerOptions,
  type TracerProvider,
} from '@opentelemetry/api';

/** Tracers that load the official SDK with their first span. */
export class LazyTracerProvider implements TracerProvider {
  readonly #official: () => TracerProvider | undefined;

  /** @param official gives `undefined` while it cannot be had. */
  constructor(official: () => TracerProvider | undefined) {
    this.#official = official;
  }

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    return new LazyTracer(() => this.#official()?.getTracer(name, version, options));
  }
}

const noopTracer = new ProxyTracerProvider().getTracer('');

class LazyTracer implements Tracer {
  readonly #create: () => Tracer | undefined;
  #tracer: Tracer | undefined;

  constructor(create: () => Tracer | undefined) {
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
    const official = this.#official();
    return Reflect.apply(official.startActiveSpan, official, args);
  }

  #official(): Tracer {
    this.#tracer ??= this.#create();
    return this.#tracer ?? noopTracer;
  }
}

type StartActiveSpanArguments<F> =
  | [name: string, fn: F]
  | [name: string, options: SpanOptions, fn: F]
  | [name: string, options: SpanOptions, context: Context, fn: F];

/** Loggers that load the official SDK with their first record. */
export class LazyLoggerProvider implements LoggerProvider {
  readonly #official: () => LoggerProvider | undefined;

  /** @param official gives `undefined` while it cannot be had. */
  constructor(official: () => LoggerProvider | undefined) {
    this.#official = official;
  }

  getLogger(name: string, version?: string, options?: LoggerOptions): Logger {
    let logger: Logger | undefined;
    const official = () => {
      logger ??= this.#official()?.getLogger(name, version, options);
      return logger ?? createNoopLogger();
    };
    return {
      emit: (record: LogRecord) => official().emit(record),
      enabled: (...args) => official().enabled(...args),
    };
  }
}
