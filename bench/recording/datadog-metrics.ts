import datadogMetrics from 'datadog-metrics';
import type { Contender } from '../support/contender.ts';
import { COUNTER, GAUGES, gaugesOf, HISTOGRAMS, histogramsOf, TAGS, values } from '../support/workload.ts';

export function create(): Contender {
  const { BufferedMetricsLogger, reporters } = datadogMetrics;
  const logger = new BufferedMetricsLogger({ reporter: new reporters.NullReporter(), flushIntervalSeconds: 0 });
  return {
    operate(step) {
      let at = gaugesOf(step);
      for (const name of GAUGES) logger.gauge(name, values[at++] ?? 0, TAGS);
      logger.increment(COUNTER, 1, TAGS);
      at = histogramsOf(step);
      for (const name of HISTOGRAMS) logger.histogram(name, values[at++] ?? 0, TAGS);
    },
    async settle() {
      await logger.flush();
    },
  };
}
