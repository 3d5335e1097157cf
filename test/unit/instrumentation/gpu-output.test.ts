import { describe, expect, it } from 'vitest';
import { GpuOutput } from '../../../src/instrumentation/gpu-output.ts';
import type { GpuSample } from '../../../src/instrumentation/gpu-sample.ts';
import { gpuLine, round, uuidOf } from './gpu-tool.ts';

function read(...pieces: readonly string[]): GpuSample[] {
  const samples: GpuSample[] = [];
  const output = new GpuOutput((sample) => samples.push(sample));
  for (const piece of pieces) output.push(piece);
  return samples;
}

/** How many GPUs each sample has. */
function sizes(samples: readonly GpuSample[]): number[] {
  return samples.map(({ gpus }) => gpus.length);
}

const NO_NUMBERS = {
  utilizationPercent: undefined,
  memoryUsedBytes: undefined,
  memoryTotalBytes: undefined,
  temperatureCelsius: undefined,
  powerWatts: undefined,
};

describe('the output of nvidia-smi', () => {
  it('is a sample as soon as the only GPU has its line', () => {
    const before = performance.now();
    const [sample] = read(gpuLine());
    expect(sample).toEqual({
      takenMillis: expect.any(Number),
      gpus: [
        {
          index: 0,
          uuid: uuidOf(0),
          name: 'NVIDIA H100 80GB HBM3',
          utilizationPercent: 87,
          memoryUsedBytes: 61_440 * 1_048_576,
          memoryTotalBytes: 81_559 * 1_048_576,
          temperatureCelsius: 54,
          powerWatts: 612.37,
        },
      ],
      gpuUtilization: 87,
      gpuMemoryUsedGb: 60,
    });
    expect(sample?.takenMillis).toBeGreaterThanOrEqual(before);
  });

  it('is a sample as soon as the last of eight GPUs has its line', () => {
    const lines = round(8).split(/(?<=\n)/);
    expect(read(...lines.slice(0, 7))).toEqual([]);
    const samples = read(...lines);
    expect(sizes(samples)).toEqual([8]);
    expect(samples[0]?.gpus.map(({ index, uuid }) => [index, uuid])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((index) => [index, uuidOf(index)]),
    );
    expect(samples[0]).toMatchObject({ gpuUtilization: 3.5, gpuMemoryUsedGb: 8 * 60 });
  });

  it('is a sample each round', () => {
    expect(sizes(read(round(8).repeat(3)))).toEqual([8, 8, 8]);
    expect(sizes(read(round(1).repeat(3)))).toEqual([1, 1, 1]);
  });

  it('comes in whatever pieces', () => {
    const text = round(8).repeat(2);
    const whole = read(text).map(({ gpus }) => gpus);
    for (const length of [1, 2, 7, 100, 250]) {
      const pieces = text.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? [];
      expect(read(...pieces).map(({ gpus }) => gpus)).toEqual(whole);
    }
  });

  it('may have line ends of Windows', () => {
    expect(read(round(2).replaceAll('\n', '\r\n'))[0]?.gpus).toEqual(read(round(2))[0]?.gpus);
  });

  it.each(['[N/A]', 'N/A', '[Not Supported]', '[Unknown Error]', '', 'nan', '-', '1e3', '0x10', '1.2.3', '-5'])(
    'has no number where it says %j',
    (text) => {
      const line = gpuLine({ utilization: text, memoryUsed: text, memoryTotal: text, temperature: text, power: text });
      const [sample] = read(line);
      expect(sample?.gpus[0]).toMatchObject(NO_NUMBERS);
      expect(sample).toMatchObject({ gpuUtilization: undefined, gpuMemoryUsedGb: undefined });
    },
  );

  it('has the others where a GPU lacks one', () => {
    const [sample] = read(
      gpuLine({ count: 2, index: 0, utilization: '[N/A]', memoryUsed: '1024' }),
      gpuLine({ count: 2, index: 1, utilization: '40', memoryUsed: '[N/A]' }),
    );
    expect(sample).toMatchObject({ gpuUtilization: 40, gpuMemoryUsedGb: 1 });
    expect(sample?.gpus).toMatchObject([
      { utilizationPercent: undefined, memoryUsedBytes: 2 ** 30, powerWatts: 612.37 },
      { utilizationPercent: 40, memoryUsedBytes: undefined, powerWatts: 612.37 },
    ]);
  });

  it('takes zero for a number', () => {
    const zero = { utilization: '0', memoryUsed: '0', temperature: '0', power: '0.00' };
    expect(read(gpuLine(zero))[0]).toMatchObject({
      gpuUtilization: 0,
      gpuMemoryUsedGb: 0,
      gpus: [{ utilizationPercent: 0, memoryUsedBytes: 0, temperatureCelsius: 0, powerWatts: 0 }],
    });
  });

  it('has no utilization beyond 100 percent', () => {
    expect(read(gpuLine({ utilization: '101' }))[0]?.gpuUtilization).toBeUndefined();
    expect(read(gpuLine({ utilization: '100' }))[0]?.gpuUtilization).toBe(100);
  });

  it('keeps a comma in the name of a GPU, and no name that is none', () => {
    expect(read(gpuLine({ name: 'Quadro, the second' }))[0]?.gpus[0]?.name).toBe('Quadro, the second');
    expect(read(gpuLine({ name: '[N/A]' }))[0]?.gpus[0]?.name).toBeUndefined();
    expect(read(gpuLine({ name: 'x'.repeat(500) }))[0]?.gpus[0]?.name).toHaveLength(100);
  });

  it.each([
    'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.',
    'count, index, uuid, utilization.gpu [%], memory.used [MiB], memory.total [MiB], temperature.gpu, power.draw [W], name',
    'Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.  Reboot the system to recover this GPU',
    '1, 0, GPU-half-a-li',
    `1, 99999, ${gpuLine().slice(6)}`.trim(),
    ',,,,,,,,,',
    '\u0000 and \u0001',
  ])('leaves out the line %j', (line) => {
    const samples: GpuSample[] = [];
    const output = new GpuOutput((sample) => samples.push(sample));
    output.push(`${line}\n\n${gpuLine()}${line}\n${gpuLine()}`);
    expect(sizes(samples)).toEqual([1, 1]);
    expect(output.remark.length).toBeGreaterThan(0);
    expect(output.remark.length).toBeLessThanOrEqual(100);
  });

  it('ends a round that lacks a GPU with the first line of the next', () => {
    const [first = '', second = '', third = ''] = round(3).split(/(?<=\n)/);
    const lost = `${first}Unable to determine the device handle\n${third}`;
    expect(sizes(read(lost))).toEqual([]);
    expect(sizes(read(lost, first))).toEqual([2]);
    expect(sizes(read(lost, first, second, third))).toEqual([2, 3]);
  });

  it('ends rounds where the number of GPUs is not known', () => {
    const unknown = round(2).replaceAll(/^2,/gm, '[N/A],');
    expect(sizes(read(unknown.repeat(3)))).toEqual([2, 2]);
  });

  it('leaves out a line of any length, and reads on after it', () => {
    const output = 'x'.repeat(70_000);
    expect(sizes(read(output, output, output, '\n', round(2)))).toEqual([2]);
    expect(sizes(read(gpuLine({ name: output }), round(2)))).toEqual([2]);
  });

  it('keeps no line that never ends', () => {
    const output = new GpuOutput(() => {});
    const piece = 'x'.repeat(1_000_000);
    // Kept, they would be more than a string can have: 2^29 characters.
    for (let pieces = 0; pieces < 600; pieces += 1) expect(() => output.push(piece)).not.toThrow();
  });
});
