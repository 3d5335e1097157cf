import { boundSetup } from '../support/bound.ts';
import { recordDurations, recordGauges } from '../support/collector.ts';
import type { Contender } from '../support/contender.ts';
import { createMetricsCollector } from '../support/package.ts';
import { ATTRIBUTES } from '../support/workload.ts';

/** The same 12 values by the calls of a training loop. */
export function create(): Contender {
  const { provider, reader } = boundSetup('delta');
  const { run_id: runId, user_id: userId, model, team } = ATTRIBUTES;
  const collector = createMetricsCollector({ runId, userId, model, tags: { team }, meterProvider: provider });
  return {
    operate(step) {
      recordGauges(collector, step);
      recordDurations(collector, step);
    },
    async settle() {
      await reader.read();
    },
  };
}
