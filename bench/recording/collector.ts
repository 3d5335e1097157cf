import { boundSetup } from '../support/bound.ts';
import type { Contender } from '../support/contender.ts';
import { createMetricsCollector } from '../support/package.ts';
import { ATTRIBUTES, gaugesOf, histogramsOf, values } from '../support/workload.ts';

/** The same 12 values by the calls of a training loop: `step` gives the counter and the first gauge. */
export function create(): Contender {
  const { provider, reader } = boundSetup('delta');
  const { run_id: runId, user_id: userId, model, team } = ATTRIBUTES;
  const collector = createMetricsCollector({ runId, userId, model, tags: { team }, meterProvider: provider });
  return {
    operate(step) {
      let at = gaugesOf(step) + 1;
      collector.collectTrainingMetrics({
        step,
        loss: values[at++],
        gradNorm: values[at++],
        learningRate: values[at++],
      });
      collector.collectRlMetrics({
        policyLoss: values[at++],
        valueLoss: values[at++],
        entropy: values[at++],
        klDivergence: values[at++],
        clipFraction: values[at++],
      });
      at = histogramsOf(step);
      collector.collectPerformanceMetrics({
        forwardBackwardDurationMs: values[at++],
        optimStepDurationMs: values[at++],
      });
    },
    async settle() {
      await reader.read();
    },
  };
}
