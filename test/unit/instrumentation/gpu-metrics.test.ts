import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { hardwareMetrics } from '../../../src/catalogue/index.ts';
import { observeGpus } from '../../../src/instrumentation/gpu-metrics.ts';
import { type GpuReading, type GpuSample, sampleOf } from '../../../src/instrumentation/gpu-sample.ts';
import { CapturedLog } from '../../support/log.ts';
import { TestMetrics } from '../../support/telemetry.ts';

const INTERVAL_MILLIS = 10_000;

const gpu: GpuReading = {
  index: 0,
  uuid: 'GPU-a',
  name: 'NVIDIA H100 80GB HBM3',
  utilizationPercent: 25,
  memoryUsedBytes: 2 ** 30,
  memoryTotalBytes: 2 ** 32,
  temperatureCelsius: 54,
  powerWatts: 612.5,
};

const unknown: GpuReading = {
  index: 1,
  uuid: undefined,
  name: undefined,
  utilizationPercent: undefined,
  memoryUsedBytes: 5,
  memoryTotalBytes: 0,
  temperatureCelsius: 0,
  powerWatts: undefined,
};

interface Observed {
  readonly metrics: TestMetrics;
  readonly end: () => void;
  show(sample: GpuSample | undefined): void;
}

function observed(temporality: 'delta' | 'cumulative' = 'delta'): Observed {
  const metrics = new TestMetrics({ meter: 'official', temporality });
  let latest: GpuSample | undefined;
  const end = observeGpus({
    meterProvider: metrics.provider,
    latest: () => latest,
    intervalMillis: INTERVAL_MILLIS,
  });
  return {
    metrics,
    end,
    show(sample) {
      latest = sample;
    },
  };
}

function sampleNow(...gpus: readonly GpuReading[]): GpuSample {
  return sampleOf(gpus, performance.now());
}

function valuesOf(collected: ReadonlyMap<string, MetricData>): Record<string, unknown[]> {
  return Object.fromEntries(
    [...collected].map(([name, { dataPoints }]) => [name, dataPoints.map(({ value }) => value)]),
  );
}

describe('observeGpus', () => {
  it('shows every metric of the hardware, with its kind, unit and description', async () => {
    const { metrics, show } = observed();
    show(sampleNow(gpu));
    const collected = await metrics.collect();
    expect([...collected.keys()].sort()).toEqual(hardwareMetrics.map(({ name }) => name).sort());
    for (const { name, kind, unit, description } of hardwareMetrics) {
      const metric = collected.get(name);
      expect(metric?.descriptor).toMatchObject({ unit, description });
      expect(metric).toMatchObject(
        kind === 'gauge'
          ? { dataPointType: DataPointType.GAUGE }
          : { dataPointType: DataPointType.SUM, isMonotonic: false },
      );
    }
    expect(valuesOf(collected)).toEqual({
      'hw.gpu.utilization': [0.25],
      'hw.gpu.memory.utilization': [0.25],
      'hw.gpu.memory.usage': [2 ** 30],
      'hw.gpu.memory.limit': [2 ** 32],
      'hw.temperature': [54],
      'hw.power': [612.5],
    });
  });

  it('says which GPU, as the conventions have it', async () => {
    const { metrics, show } = observed();
    show(sampleNow(gpu));
    const identity = { 'hw.id': 'GPU-a', 'hw.name': 'GPU 0', 'hw.model': gpu.name, 'hw.vendor': 'NVIDIA' };
    const component = { ...identity, 'hw.type': 'gpu' };
    const collected = await metrics.collect();
    const attributesOf = (name: string) => collected.get(name)?.dataPoints.map(({ attributes }) => attributes);
    expect(attributesOf('hw.gpu.utilization')).toEqual([{ ...component, 'hw.gpu.task': 'general' }]);
    for (const name of ['hw.gpu.memory.utilization', 'hw.gpu.memory.usage', 'hw.gpu.memory.limit', 'hw.power']) {
      expect(attributesOf(name)).toEqual([component]);
    }
    expect(attributesOf('hw.temperature')).toEqual([identity]);
  });

  it('has a series for each GPU, and none for what a GPU does not tell', async () => {
    const log = new CapturedLog().install();
    const { metrics, show } = observed();
    show(sampleNow(gpu, unknown));
    const collected = await metrics.collect();
    expect(valuesOf(collected)).toEqual({
      'hw.gpu.utilization': [0.25],
      'hw.gpu.memory.utilization': [0.25],
      'hw.gpu.memory.usage': [2 ** 30, 5],
      'hw.gpu.memory.limit': [2 ** 32, 0],
      'hw.temperature': [54, 0],
      'hw.power': [612.5],
    });
    expect(collected.get('hw.temperature')?.dataPoints[1]?.attributes).toEqual({
      'hw.id': 'gpu1',
      'hw.name': 'GPU 1',
      'hw.vendor': 'NVIDIA',
    });
    expect(log.warnings).toEqual([]);
  });

  it('shows the last sample', async () => {
    const { metrics, show } = observed();
    show(sampleNow(gpu));
    await metrics.collect();
    show(sampleNow({ ...gpu, utilizationPercent: 75, memoryUsedBytes: 2 ** 31 }));
    const values = valuesOf(await metrics.collect());
    expect(values['hw.gpu.utilization']).toEqual([0.75]);
  });

  it('adds nothing up: usage is what is in use', async () => {
    const { metrics, show } = observed('cumulative');
    show(sampleNow(gpu));
    await metrics.collect();
    show(sampleNow({ ...gpu, memoryUsedBytes: 2 ** 29 }));
    expect(valuesOf(await metrics.collect())['hw.gpu.memory.usage']).toEqual([2 ** 29]);
  });

  it('shows nothing before the first sample, of an old one, and once it has been ended', async () => {
    const { metrics, show, end } = observed();
    expect(valuesOf(await metrics.collect())).toEqual({});
    show(sampleOf([gpu], performance.now() - 3 * INTERVAL_MILLIS - 1));
    expect(valuesOf(await metrics.collect())).toEqual({});
    show(sampleOf([gpu], performance.now() - 2.5 * INTERVAL_MILLIS));
    expect(Object.keys(valuesOf(await metrics.collect()))).toHaveLength(hardwareMetrics.length);
    show(sampleNow(gpu));
    end();
    expect(valuesOf(await metrics.collect())).toEqual({});
  });
});
