import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { type HttpConfiguration, HttpTransport } from './http-transport.ts';
import { judge, noAnswer, type Outcome } from './outcome.ts';
import type { DeliveryRequest } from './request.ts';
import { withoutSecrets } from './url.ts';

/** What to look at where delivery fails, for a warning. */
export interface FailureAdvice {
  /** Where it may be taken another time. */
  readonly unavailable: string;
  /** Where it will never be. */
  readonly refused: string;
}

/** What a receiver takes, and how it is spoken to. */
export interface Receiver {
  readonly advice: FailureAdvice;
  readonly compresses: boolean;
  /** How long one request may take. */
  readonly timeoutMillis: number;
  /** Points older than this are not taken. */
  readonly maxAgeMillis: number;
  /** The bytes of a request that it takes: as sent, and uncompressed. Default: as many as there are. */
  readonly maxBytes?: { readonly sent: number; readonly plain: number } | undefined;
}

/** Where the requests of one kind go. */
export interface Destination extends Receiver {
  /** For messages, without the secrets that a URL may carry. */
  readonly name: string;
  /** Never rejects. */
  send(request: DeliveryRequest, timeoutMillis: number): Promise<Outcome>;
}

export function httpDestination(configuration: HttpConfiguration, receiver: Receiver): Destination {
  const transport = new HttpTransport(configuration);
  return {
    ...receiver,
    name: withoutSecrets(configuration.url) ?? 'the configured endpoint',
    async send(request, timeoutMillis) {
      try {
        // An instrumentation of the host's must not make spans of what sends its spans.
        return judge(await context.with(suppressTracing(ROOT_CONTEXT), () => transport.post(request, timeoutMillis)));
      } catch (error) {
        return noAnswer(error);
      }
    },
  };
}
