import type { Attributes, MeterProvider } from '@opentelemetry/api';
import { type ObservableName, observe } from '../otel/observable.ts';
import type { GpuReading, GpuSample } from './gpu-sample.ts';

export interface ObserveGpusOptions {
  readonly meterProvider: MeterProvider;
  /** The last sample there is. Is asked at every collection. */
  readonly latest: () => GpuSample | undefined;
  /** Between two samples. */
  readonly intervalMillis: number;
}

/** A sample that has had so many successors by now, had the tool lived, says nothing about the present. */
const MAX_AGE_INTERVALS = 3;

interface GpuMetric {
  readonly name: ObservableName;
  readonly read: (gpu: GpuReading) => number | undefined;
  readonly describe: (gpu: GpuReading) => Attributes;
}

const GPU_METRICS: readonly GpuMetric[] = [
  {
    name: 'hw.gpu.utilization',
    read: ({ utilizationPercent }) => ratio(utilizationPercent, 100),
    describe: (gpu) => ({ ...gpuAttributes(gpu), 'hw.gpu.task': 'general' }),
  },
  {
    name: 'hw.gpu.memory.utilization',
    read: ({ memoryUsedBytes, memoryTotalBytes }) => ratio(memoryUsedBytes, memoryTotalBytes),
    describe: gpuAttributes,
  },
  { name: 'hw.gpu.memory.usage', read: ({ memoryUsedBytes }) => memoryUsedBytes, describe: gpuAttributes },
  { name: 'hw.gpu.memory.limit', read: ({ memoryTotalBytes }) => memoryTotalBytes, describe: gpuAttributes },
  // The sensor has no identifier of its own, and here no type: a GPU shows one temperature.
  { name: 'hw.temperature', read: ({ temperatureCelsius }) => temperatureCelsius, describe: identity },
  { name: 'hw.power', read: ({ powerWatts }) => powerWatts, describe: gpuAttributes },
];

/**
 * Shows the GPUs by OpenTelemetry's conventions for hardware, one series for each. A sample older than three intervals
 * is not shown. The official SDK still repeats what it saw last where it reports cumulatively, as for Prometheus.
 * @returns ends it.
 */
export function observeGpus({ meterProvider, latest, intervalMillis }: ObserveGpusOptions): () => void {
  const current = () => {
    const sample = latest();
    if (sample === undefined) return [];
    return performance.now() - sample.takenMillis > MAX_AGE_INTERVALS * intervalMillis ? [] : sample.gpus;
  };
  const ends = GPU_METRICS.map(({ name, read, describe }) =>
    observe(meterProvider, name, (result) => {
      for (const gpu of current()) {
        const value = read(gpu);
        if (value !== undefined) result.observe(value, describe(gpu));
      }
    }),
  );
  return () => {
    for (const end of ends) end();
  };
}

function gpuAttributes(gpu: GpuReading): Attributes {
  return { ...identity(gpu), 'hw.type': 'gpu' };
}

function identity({ index, uuid, name }: GpuReading): Attributes {
  return {
    'hw.id': uuid ?? `gpu${index}`,
    'hw.name': `GPU ${index}`,
    'hw.vendor': 'NVIDIA',
    ...(name !== undefined && { 'hw.model': name }),
  };
}

function ratio(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined || whole === 0 ? undefined : part / whole;
}
