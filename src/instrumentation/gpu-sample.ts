/** One GPU at one moment. What the tool could not tell is absent. */
export interface GpuReading {
  /** Its number on this machine, from 0. */
  readonly index: number;
  /** NVIDIA's own identifier, such as `GPU-5ed0b4a5-...`. */
  readonly uuid: string | undefined;
  /** The model, such as `NVIDIA H100 80GB HBM3`. */
  readonly name: string | undefined;
  /** 0 to 100: how much of the time some kernel ran. */
  readonly utilizationPercent: number | undefined;
  readonly memoryUsedBytes: number | undefined;
  readonly memoryTotalBytes: number | undefined;
  readonly temperatureCelsius: number | undefined;
  readonly powerWatts: number | undefined;
}

/** All GPUs of the machine at one moment, and what they come to for a run. */
export interface GpuSample {
  /** When it was read, in the time of `performance.now()`. */
  readonly takenMillis: number;
  /** At least one, by index. */
  readonly gpus: readonly GpuReading[];
  /** Mean over the GPUs that tell it, 0 to 100 percent: `signal.performance.gpu_utilization`. */
  readonly gpuUtilization: number | undefined;
  /** Sum over the GPUs that tell it, in GiB: `signal.performance.gpu_memory_used_gb`. */
  readonly gpuMemoryUsedGb: number | undefined;
}

const BYTES_PER_GIB = 2 ** 30;

export function sampleOf(gpus: readonly GpuReading[], takenMillis: number): GpuSample {
  const utilization = gpus.map(({ utilizationPercent }) => utilizationPercent).filter(isTold);
  const memoryUsed = gpus.map(({ memoryUsedBytes }) => memoryUsedBytes).filter(isTold);
  return {
    takenMillis,
    gpus,
    gpuUtilization: utilization.length > 0 ? sum(utilization) / utilization.length : undefined,
    gpuMemoryUsedGb: memoryUsed.length > 0 ? sum(memoryUsed) / BYTES_PER_GIB : undefined,
  };
}

function isTold(value: number | undefined): value is number {
  return value !== undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
