import { Histogram, Registry } from 'prom-client';
import type { Contender } from '../support/contender.ts';
import { ATTRIBUTES, BOUNDS } from '../support/workload.ts';
import { DURATION, operation } from './operation.ts';

export function create(): Contender {
  const registry = new Registry();
  const histogram = new Histogram({
    name: DURATION.replaceAll('.', '_'),
    help: DURATION,
    labelNames: Object.keys(ATTRIBUTES),
    buckets: [...BOUNDS],
    registers: [registry],
  }).labels(ATTRIBUTES);
  return {
    operate() {
      const stop = histogram.startTimer();
      operation();
      stop();
    },
    async settle() {
      await registry.metrics();
    },
  };
}
