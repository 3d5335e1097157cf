import { type MeterProvider, metrics } from '@opentelemetry/api';
import { type MetricsCollector, ownCollectors } from '../run/collector.ts';
import { GpuSampler } from './gpu.ts';
import { observeGpus } from './gpu-metrics.ts';
import type { GpuSample } from './gpu-sample.ts';

export interface GpuOptions {
  /** Between two looks at the GPUs; 0: none. */
  readonly intervalMillis: number;
  readonly meterProvider?: MeterProvider | undefined;
}

/** Gives the collectors of runs that are under way. */
export type RunSource = () => Iterable<MetricsCollector>;

const sources = new Set<RunSource>([() => ownCollectors]);
let sampler: GpuSampler | undefined;

/**
 * Has the GPUs recorded for these runs, too.
 * @returns ends it.
 */
export function addRuns(source: RunSource): () => void {
  sources.add(source);
  return () => sources.delete(source);
}

/** Records this machine's GPUs for every run of the process, by NVIDIA's own tool. Once in a process. */
export function followGpus({ intervalMillis, meterProvider = metrics.getMeterProvider() }: GpuOptions): void {
  if (intervalMillis === 0 || sampler !== undefined) return;
  let isShown = false;
  const current = new GpuSampler({
    intervalMillis,
    onSample: (sample) => {
      // Only now: a machine without GPUs has no use for the instruments.
      if (!isShown) observeGpus({ meterProvider, latest: () => current.latest, intervalMillis });
      isShown = true;
      record(sample);
    },
  });
  sampler = current;
  current.start();
}

function record({ gpuUtilization, gpuMemoryUsedGb }: GpuSample): void {
  for (const source of sources) {
    for (const collector of source()) {
      if (gpuUtilization !== undefined) collector.observe('signal.performance.gpu_utilization', gpuUtilization);
      if (gpuMemoryUsedGb !== undefined) collector.observe('signal.performance.gpu_memory_used_gb', gpuMemoryUsedGb);
    }
  }
}
