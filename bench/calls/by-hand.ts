import { createMetricsCollector, start } from '../support/package.ts';
import { ATTRIBUTES } from '../support/workload.ts';
import type { Subject } from './subject.ts';

/** The collector's calls around each of Signal's, with `SIGNAL_INSTRUMENTATION=false`. */
export function create(): Subject {
  const running = start();
  const collector = createMetricsCollector({ runId: ATTRIBUTES.run_id });
  let isOn = true;
  return {
    turn(on) {
      isOn = on;
    },
    async around(call) {
      if (!isOn) return call();
      const answer = await collector.timeOperation('forward_backward', call);
      collector.collectResult(Object(answer));
      return answer;
    },
    settle: () => running.forceFlush(),
  };
}
