import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Contender } from '../support/contender.ts';
import {
  ATTRIBUTES,
  BOUNDS,
  COUNTER,
  GAUGES,
  gaugesOf,
  HISTOGRAMS,
  histogramsOf,
  values,
} from '../support/workload.ts';

/** Its children have their labels decided, which is the fastest way that it has. */
export function create(): Contender {
  const registry = new Registry();
  const options = (name: string) => ({
    name: name.replaceAll('.', '_'),
    help: name,
    labelNames: Object.keys(ATTRIBUTES),
    registers: [registry],
  });
  const gauges = GAUGES.map((name) => new Gauge(options(name)).labels(ATTRIBUTES));
  const counter = new Counter(options(COUNTER)).labels(ATTRIBUTES);
  const histograms = HISTOGRAMS.map((name) =>
    new Histogram({ ...options(name), buckets: [...BOUNDS] }).labels(ATTRIBUTES),
  );
  return {
    operate(step) {
      let at = gaugesOf(step);
      for (const gauge of gauges) gauge.set(values[at++] ?? 0);
      counter.inc(1);
      at = histogramsOf(step);
      for (const histogram of histograms) histogram.observe(values[at++] ?? 0);
    },
    async settle() {
      await registry.metrics();
    },
  };
}
