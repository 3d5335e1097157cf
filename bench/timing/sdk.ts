import type { Contender } from '../support/contender.ts';
import { attach, ManualReader } from '../support/reader.ts';
import { createTracerProvider } from '../support/tracing.ts';
import { ATTRIBUTES } from '../support/workload.ts';
import { DURATION, OPERATION, operation } from './operation.ts';

/** By hand: an active span, and one record of a histogram. */
export function create(): Contender {
  const reader = new ManualReader('delta');
  const histogram = attach(reader).getMeter('signal').createHistogram(DURATION);
  const tracer = createTracerProvider().getTracer('signal');
  return {
    operate() {
      tracer.startActiveSpan(`signal.${OPERATION}`, { attributes: ATTRIBUTES }, (span) => {
        const started = performance.now();
        try {
          operation();
        } finally {
          span.end();
          histogram.record(performance.now() - started, ATTRIBUTES);
        }
      });
    },
    async settle() {
      await reader.read();
    },
  };
}
