import type { Attributes } from '@opentelemetry/api';
import { boundSetup } from '../support/bound.ts';
import { createMetricsCollector } from '../support/package.ts';
import { attach, ManualReader, type Temporality } from '../support/reader.ts';
import { ATTRIBUTES, COUNTER, GAUGES, HISTOGRAMS } from '../support/workload.ts';

/** Where training runs record to. */
export interface RunSource {
  readonly reader: ManualReader;
  begin(runId: string): TrainingRun;
}

export interface TrainingRun {
  /** Records 12 values; every gauge takes `value`. */
  step(value: number): void;
  end(): void;
}

export type SourceName = 'bound' | 'collector' | 'sdk';

export const sources: Readonly<Record<SourceName, (temporality: Temporality) => RunSource>> = {
  bound(temporality) {
    const { provider, reader } = boundSetup(temporality);
    const meter = provider.getMeter('signal');
    const gauges = GAUGES.map((name) => meter.createGauge(name));
    const counter = meter.createCounter(COUNTER);
    const histograms = HISTOGRAMS.map((name) => meter.createHistogram(name));
    return {
      reader,
      begin(runId) {
        const bind = (instrument: typeof counter) => instrument.bind(attributesOf(runId));
        const [ofGauges, ofCounter, ofHistograms] = [gauges.map(bind), bind(counter), histograms.map(bind)];
        return {
          step(value) {
            for (const gauge of ofGauges) gauge.record(value);
            ofCounter.add(1);
            for (const histogram of ofHistograms) histogram.record(value);
          },
          end() {
            for (const bound of [...ofGauges, ofCounter, ...ofHistograms]) bound.unbind();
          },
        };
      },
    };
  },

  collector(temporality) {
    const { provider, reader } = boundSetup(temporality);
    return {
      reader,
      begin(runId) {
        const collector = createMetricsCollector({ runId, userId: 'user_42', model: 'm', meterProvider: provider });
        return {
          step(value) {
            collector.collectTrainingMetrics({ step: value, loss: value, gradNorm: value, learningRate: value });
            collector.collectRlMetrics({ policyLoss: value, valueLoss: value, entropy: value, klDivergence: value });
            collector.collectPerformanceMetrics({ forwardBackwardDurationMs: value, optimStepDurationMs: value });
          },
          end: () => collector.end(),
        };
      },
    };
  },

  sdk(temporality) {
    const reader = new ManualReader(temporality);
    const meter = attach(reader).getMeter('signal');
    const gauges = GAUGES.map((name) => meter.createGauge(name));
    const counter = meter.createCounter(COUNTER);
    const histograms = HISTOGRAMS.map((name) => meter.createHistogram(name));
    return {
      reader,
      begin(runId) {
        const attributes = attributesOf(runId);
        return {
          step(value) {
            for (const gauge of gauges) gauge.record(value, attributes);
            counter.add(1, attributes);
            for (const histogram of histograms) histogram.record(value, attributes);
          },
          end() {},
        };
      },
    };
  },
};

function attributesOf(runId: string): Attributes {
  return Object.freeze({ ...ATTRIBUTES, run_id: runId });
}
