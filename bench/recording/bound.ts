import { boundSetup } from '../support/bound.ts';
import type { Contender } from '../support/contender.ts';
import { ATTRIBUTES, COUNTER, GAUGES, gaugesOf, HISTOGRAMS, histogramsOf, values } from '../support/workload.ts';

export function create(): Contender {
  const { provider, reader } = boundSetup('delta');
  const meter = provider.getMeter('signal');
  const gauges = GAUGES.map((name) => meter.createGauge(name).bind(ATTRIBUTES));
  const counter = meter.createCounter(COUNTER).bind(ATTRIBUTES);
  const histograms = HISTOGRAMS.map((name) => meter.createHistogram(name).bind(ATTRIBUTES));
  return {
    operate(step) {
      let at = gaugesOf(step);
      for (const gauge of gauges) gauge.record(values[at++] ?? 0);
      counter.add(1);
      at = histogramsOf(step);
      for (const histogram of histograms) histogram.record(values[at++] ?? 0);
    },
    async settle() {
      await reader.read();
    },
  };
}
