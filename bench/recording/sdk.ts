import type { Contender } from '../support/contender.ts';
import { attach, ManualReader } from '../support/reader.ts';
import { ATTRIBUTES, COUNTER, GAUGES, gaugesOf, HISTOGRAMS, histogramsOf, values } from '../support/workload.ts';

export function create(): Contender {
  const reader = new ManualReader('delta');
  const meter = attach(reader).getMeter('signal');
  const gauges = GAUGES.map((name) => meter.createGauge(name));
  const counter = meter.createCounter(COUNTER);
  const histograms = HISTOGRAMS.map((name) => meter.createHistogram(name));
  return {
    operate(step) {
      let at = gaugesOf(step);
      for (const gauge of gauges) gauge.record(values[at++] ?? 0, ATTRIBUTES);
      counter.add(1, ATTRIBUTES);
      at = histogramsOf(step);
      for (const histogram of histograms) histogram.record(values[at++] ?? 0, ATTRIBUTES);
    },
    async settle() {
      await reader.read();
    },
  };
}
