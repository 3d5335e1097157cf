import type { TracerProvider } from '@opentelemetry/api';
import { boundSetup } from '../support/bound.ts';
import type { Contender } from '../support/contender.ts';
import { createMetricsCollector } from '../support/package.ts';
import { ATTRIBUTES } from '../support/workload.ts';
import { OPERATION, operation } from './operation.ts';

/** No tracer provider is there: the span is the API's own, which records nothing. */
export function create(): Contender {
  return timeWith(undefined);
}

export function timeWith(tracerProvider: TracerProvider | undefined): Contender {
  const { provider, reader } = boundSetup('delta');
  const { run_id: runId, user_id: userId, model, team } = ATTRIBUTES;
  const collector = createMetricsCollector({
    runId,
    userId,
    model,
    tags: { team },
    meterProvider: provider,
    tracerProvider,
  });
  return {
    operate() {
      collector.timeOperation(OPERATION, operation);
    },
    async settle() {
      await reader.read();
    },
  };
}
