import { metrics } from '@opentelemetry/api';
import { fail, serve } from '../support/child.ts';
import { secondOf, takeSteps } from '../support/steps.ts';
import { ATTRIBUTES, COUNTER, GAUGES, HISTOGRAMS, histogramsOf, values } from '../support/workload.ts';

/**
 * `training.ts [<interval of the SDK>]` records by the API alone, to whatever is registered: the package by a preload, or
 * the SDK where it has an interval. Answers the first request with the last step of each second, and records no more.
 */
async function main([sdkInterval]: readonly string[]): Promise<void> {
  const shutdown = sdkInterval === undefined ? undefined : (await import('./sdk.ts')).startSdk(Number(sdkInterval));
  const meter = metrics.getMeter('signal');
  const counter = meter.createCounter(COUNTER);
  const gauge = meter.createGauge(GAUGES[0]);
  const histogram = meter.createHistogram(HISTOGRAMS[0]);
  const lastStepOf: Record<number, number> = {};
  let step = 0;
  const stop = takeSteps(() => {
    step += 1;
    lastStepOf[secondOf(Date.now())] = step;
    counter.add(1, ATTRIBUTES);
    gauge.record(step, ATTRIBUTES);
    histogram.record(values[histogramsOf(step)] ?? 0, ATTRIBUTES);
  });
  serve(async () => {
    stop();
    return lastStepOf;
  });
  // The package sends the rest at the natural end; of the SDK the application has to ask it.
  process.once('disconnect', () => void shutdown?.());
}

main(process.argv.slice(2)).catch(fail);
