import type { Contender, Ports } from '../support/contender.ts';
import { startTracer } from '../support/dd-trace.ts';
import { COUNTER, GAUGES, gaugesOf, HISTOGRAMS, histogramsOf, TAGS, values } from '../support/workload.ts';

/** Aggregates in the process; its histograms become minimum, maximum, average and two quantiles. */
export function create(ports: Ports): Contender {
  const { dogstatsd } = startTracer(ports);
  return {
    operate(step) {
      let at = gaugesOf(step);
      for (const name of GAUGES) dogstatsd.gauge(name, values[at++] ?? 0, TAGS);
      dogstatsd.increment(COUNTER, 1, TAGS);
      at = histogramsOf(step);
      for (const name of HISTOGRAMS) dogstatsd.histogram(name, values[at++] ?? 0, TAGS);
    },
    async settle() {
      dogstatsd.flush();
    },
  };
}
