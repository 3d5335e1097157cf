import type { Contender, Ports } from '../support/contender.ts';
import { startTracer } from '../support/dd-trace.ts';
import { ATTRIBUTES, TAGS } from '../support/workload.ts';
import { DURATION, OPERATION, operation } from './operation.ts';

/** A span, which goes to the sink's trace agent, and a distribution. */
export function create(ports: Ports): Contender {
  const tracer = startTracer(ports);
  return {
    operate() {
      tracer.trace(`signal.${OPERATION}`, { tags: ATTRIBUTES }, () => {
        const started = performance.now();
        operation();
        tracer.dogstatsd.distribution(DURATION, performance.now() - started, TAGS);
      });
    },
    async settle() {
      tracer.dogstatsd.flush();
      await new Promise(setImmediate);
    },
  };
}
