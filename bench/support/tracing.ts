import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';

/** Sampled spans, forgotten once they have ended: exporters cost the same behind every way of making them. */
export function createTracerProvider(): TracerProvider {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const forget = {
    onStart() {},
    onEnd() {},
    async forceFlush() {},
    async shutdown() {},
  };
  return new TracerProvider({ spanProcessors: [forget] });
}
