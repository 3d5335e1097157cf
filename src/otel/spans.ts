import {
  type Attributes,
  context,
  ProxyTracerProvider,
  type Span,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { NAMESPACE } from '../catalogue/index.ts';
import { VERSION } from './version.ts';

const MAX_MESSAGE_LENGTH = 300;

/** The package's tracer. The API's tracers are proxies: one taken early works once a provider is registered. */
export function signalTracer(provider: TracerProvider = trace): Tracer {
  return provider.getTracer(NAMESPACE, VERSION);
}

/** No span of it leaves the process. */
export const silentTracerProvider: TracerProvider = new ProxyTracerProvider();

export function startSpan(tracer: Tracer, operation: string, attributes: Attributes): Span {
  return tracer.startSpan(`${NAMESPACE}.${operation}`, { attributes });
}

/** Runs `fn` with `span` active, so that spans made inside become its children. */
export function withActiveSpan<T>(span: Span, fn: () => T): T {
  return context.with(trace.setSpan(context.active(), span), fn);
}

/** Marks a span as failed by `error`, with whatever may carry a secret left out. */
export function recordFailure(span: Span, error: unknown): void {
  const name = errorType(error);
  const message = redact(error instanceof Error ? error.message : '');
  span.setAttribute('error.type', name);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.recordException({ name, message, stack: framesOf(error) });
}

/** A low-cardinality name of what went wrong: the error's code where it has one, else its class. */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'object';
}

/** The frames alone: the first lines of a stack repeat the message, unredacted. */
function framesOf(error: unknown): string {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return '';
  return error.stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

/** API keys, authorization headers and the queries of URLs (signed ones carry their signature there). */
export function redact(text: string): string {
  return text
    .replace(/\b(Bearer|Basic)\s+[^\s"',]+/gi, '$1 [redacted]')
    .replace(/\b(sk-|dd[a-z]*-?key[=: ]+|api[-_]?key["']?[=: ]+)[^\s"',]+/gi, '$1[redacted]')
    .replace(/(https?:\/\/)[^\s/@"']+@/gi, '$1')
    .replace(/(https?:\/\/[^\s?"']+)\?[^\s"']+/gi, '$1?[redacted]')
    .slice(0, MAX_MESSAGE_LENGTH);
}
