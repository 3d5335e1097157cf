import {
  type Attributes,
  context,
  ProxyTracerProvider,
  type Span,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { NAMESPACE } from '../catalogue/index.ts';
import { errorType, textOf } from './errors.ts';
import { redact } from './redact.ts';
import { cut } from './text.ts';
import { VERSION } from './version.ts';

const MAX_MESSAGE_LENGTH = 300;
const MAX_STACK_LENGTH = 16_384;
const MAX_FRAMES = 30;

/** The package's tracer. The API's tracers are proxies: one taken early works once a provider is registered. */
export function signalTracer(provider: TracerProvider = trace): Tracer {
  return provider.getTracer(NAMESPACE, VERSION);
}

/** No span of it leaves the process. */
export const silentTracerProvider: TracerProvider = new ProxyTracerProvider();

export function startSpan(tracer: Tracer, operation: string, attributes: Attributes, kind?: SpanKind): Span {
  return tracer.startSpan(`${NAMESPACE}.${operation}`, { attributes, ...(kind !== undefined && { kind }) });
}

/** Runs `fn` with `span` active, so that spans made inside become its children. */
export function withActiveSpan<T>(span: Span, fn: () => T): T {
  return context.with(trace.setSpan(context.active(), span), fn);
}

/** Marks a span as failed by `error`, with whatever may carry a secret left out. */
export function recordFailure(span: Span, error: unknown): void {
  const name = errorType(error);
  const message = redact(textOf(error, 'message'), MAX_MESSAGE_LENGTH);
  span.setAttribute('error.type', name);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.recordException({ name, message, stack: framesOf(error) });
}

/** The frames alone: the first lines of a stack repeat the message. */
function framesOf(error: unknown): string {
  return cut(textOf(error, 'stack'), MAX_STACK_LENGTH)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => `    ${redact(line, MAX_MESSAGE_LENGTH)}`)
    .join('\n');
}
