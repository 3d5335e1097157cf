import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GpuSampler, type GpuSamplerOptions } from '../../../src/instrumentation/gpu.ts';
import type { GpuSample } from '../../../src/instrumentation/gpu-sample.ts';
import { runNode, startNode, startProcess } from '../../support/child.ts';
import { CapturedLog } from '../../support/log.ts';
import { FakeTool, gpuLine, round } from './gpu-tool.ts';

const withoutDescriptors = fileURLToPath(new URL('apps/gpu-no-descriptors.ts', import.meta.url));
const host = fileURLToPath(new URL('apps/gpu-host.ts', import.meta.url));

const DRIVER_MESSAGE =
  "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA " +
  'driver is installed and running.\n\n';

/** Everything that the package says, down to debug. */
class WholeLog extends CapturedLog {
  readonly debugs: string[] = [];
  readonly #changes = new EventEmitter<{ debug: [] }>();

  override debug(...message: unknown[]): void {
    if (message[0] !== 'signal-otel') return;
    this.debugs.push(message.join(' '));
    this.#changes.emit('debug');
  }

  get all(): readonly string[] {
    return [...this.warnings, ...this.infos, ...this.debugs];
  }

  async untilDebug(): Promise<void> {
    while (this.debugs.length === 0) await once(this.#changes, 'debug');
  }
}

/** A sampler with what it has sampled; leaving its scope stops it. */
class Sampling implements Disposable {
  readonly samples: GpuSample[] = [];
  readonly sampler: GpuSampler;
  readonly #changes = new EventEmitter<{ sample: [] }>();

  constructor(command: string, options: Partial<GpuSamplerOptions> = {}) {
    this.sampler = new GpuSampler({
      intervalMillis: 1,
      command,
      onSample: (sample) => {
        this.samples.push(sample);
        this.#changes.emit('sample');
      },
      ...options,
    });
    this.sampler.start();
  }

  async until(count: number): Promise<void> {
    while (this.samples.length < count) await once(this.#changes, 'sample');
  }

  get utilizations(): (number | undefined)[] {
    return this.samples.map(({ gpuUtilization }) => gpuUtilization);
  }

  [Symbol.dispose](): void {
    this.sampler.stop();
  }
}

/** By when another sampler would have started its tool again and again. */
async function severalRestarts(): Promise<void> {
  using tool = new FakeTool({ output: gpuLine(), exitCode: 1 });
  using sampling = new Sampling(tool.path);
  await sampling.until(5);
}

/** Whether there is a process, or with `-pid` any of its group. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Whether it is dead and nobody has asked how it ended, which of an orphan perhaps nobody ever does. */
function isDefunct(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${Math.abs(pid)}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (!condition()) await wait(10, undefined, { signal: deadline });
}

function untilDead(pid: number): Promise<void> {
  return until(() => !exists(pid) || isDefunct(pid));
}

function untilReaped(pid: number): Promise<void> {
  return until(() => !exists(pid));
}

describe('a sampler of GPUs', () => {
  it('has the tool repeat itself, and hands over each round', async () => {
    using tool = new FakeTool({ output: round(8) + round(8) });
    using sampling = new Sampling(tool.path, { intervalMillis: 10_000 });
    await sampling.until(2);
    expect(sampling.samples.map(({ gpus }) => gpus.length)).toEqual([8, 8]);
    expect(sampling.sampler.latest).toBe(sampling.samples[1]);
    expect(tool.starts.map(({ args }) => args)).toEqual([
      [
        '--query-gpu=count,index,uuid,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,name',
        '--format=csv,noheader,nounits',
        '--loop-ms=10000',
      ],
    ]);
  });

  it('starts one tool however often it is asked to', async () => {
    using tool = new FakeTool({ output: round(1) });
    using sampling = new Sampling(tool.path);
    sampling.sampler.start();
    await sampling.until(1);
    sampling.sampler.start();
    await severalRestarts();
    expect(tool.starts).toHaveLength(1);
  });

  it('gives the tool none of the secrets of the process', async () => {
    using tool = new FakeTool({ output: round(1) });
    const environment = {
      PATH: process.env.PATH,
      LD_LIBRARY_PATH: '/usr/lib/wsl/lib',
      SIGNAL_API_KEY: 'sk-secret',
      CUDA_VISIBLE_DEVICES: '0',
    };
    using sampling = new Sampling(tool.path, { environment });
    await sampling.until(1);
    const { env = {} } = tool.starts[0] ?? {};
    expect(env).toMatchObject({ PATH: environment.PATH, LD_LIBRARY_PATH: environment.LD_LIBRARY_PATH });
    expect(env).not.toHaveProperty('SIGNAL_API_KEY');
    expect(env).not.toHaveProperty('CUDA_VISIBLE_DEVICES');
  });

  it('starts the tool again where it dies, and says nothing of it', async () => {
    const log = new WholeLog().install();
    using tool = new FakeTool(
      { output: gpuLine({ utilization: '1' }), exitCode: 1 },
      { output: '', exitCode: 0 },
      { output: gpuLine({ count: 2 }), exitCode: 15 },
      { output: gpuLine({ utilization: '2' }), exitCode: 0 },
      { output: gpuLine({ utilization: '3' }) },
    );
    using sampling = new Sampling(tool.path);
    await sampling.until(3);
    expect(sampling.utilizations).toEqual([1, 2, 3]);
    expect(tool.starts).toHaveLength(5);
    expect(log.all).toEqual([]);
  });

  it('gives up a tool that dies again and again without a sample, with one debug line', async () => {
    const log = new WholeLog().install();
    using tool = new FakeTool(
      { output: gpuLine(), exitCode: 0 },
      { output: 'Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.\n', exitCode: 15 },
    );
    using _ = new Sampling(tool.path);
    await log.untilDebug();
    await severalRestarts();
    expect(tool.starts).toHaveLength(4);
    expect(log.all).toEqual([expect.stringMatching(/no GPU metrics from ".*": exit code 15, ".*GPU is lost\."/)]);
  });

  it('says that there is no driver in one debug line, and does not try again', async () => {
    const log = new WholeLog().install();
    using tool = new FakeTool({ output: DRIVER_MESSAGE, exitCode: 9 });
    using sampling = new Sampling(tool.path);
    await log.untilDebug();
    await severalRestarts();
    expect(tool.starts).toHaveLength(1);
    expect(sampling.samples).toEqual([]);
    expect(log.all).toEqual([expect.stringMatching(/: exit code 9, "NVIDIA-SMI has failed/)]);
  });

  it.each(['/nowhere/nvidia-smi', 'no-such-nvidia-smi'])(
    'says that there is no tool in one debug line: %s',
    async (command) => {
      const log = new WholeLog().install();
      using _ = new Sampling(command);
      await log.untilDebug();
      await severalRestarts();
      expect(log.all).toEqual([expect.stringContaining(`no GPU metrics from "${command}": not found`)]);
    },
  );

  it('survives a tool that cannot even be named', async () => {
    const log = new WholeLog().install();
    using _ = new Sampling('\u0000');
    await log.untilDebug();
    expect(log.all).toHaveLength(1);
  });

  it('goes on where whoever takes the samples throws', async () => {
    const log = new WholeLog().install();
    using tool = new FakeTool({ output: round(1).repeat(3) });
    const taken = new EventEmitter<{ last: [] }>();
    let calls = 0;
    const onSample = () => {
      calls += 1;
      if (calls === 3) taken.emit('last');
      throw new Error('broken');
    };
    const last = once(taken, 'last');
    using _ = new Sampling(tool.path, { onSample });
    await last;
    expect(calls).toBe(3);
    expect(log.warnings).toEqual([expect.stringContaining('onSample failed')]);
  });

  it('ends the tool and hands over nothing any more once it is stopped, and can be started again', async () => {
    const log = new WholeLog().install();
    using tool = new FakeTool({ output: round(1).repeat(3) });
    const samples: GpuSample[] = [];
    const restarted = new EventEmitter<{ sample: [] }>();
    const sampler: GpuSampler = new GpuSampler({
      intervalMillis: 1,
      command: tool.path,
      onSample: (sample) => {
        samples.push(sample);
        restarted.emit('sample');
        sampler.stop();
      },
    });
    const first = once(restarted, 'sample');
    sampler.start();
    await first;
    const pid = tool.starts[0]?.pid ?? 0;
    // The tool, and the shell that watches over it.
    await untilReaped(-pid);
    expect(samples).toHaveLength(1);
    const second = once(restarted, 'sample');
    sampler.start();
    await second;
    expect(samples).toHaveLength(2);
    expect(tool.starts).toHaveLength(2);
    expect(log.all).toEqual([]);
  });

  it('is stopped while it waits to start the tool again', async () => {
    using tool = new FakeTool({ output: gpuLine(), exitCode: 0 });
    using sampling = new Sampling(tool.path, { intervalMillis: 100 });
    await sampling.until(1);
    await untilReaped(tool.starts[0]?.pid ?? 0);
    sampling.sampler.stop();
    await severalRestarts();
    expect(tool.starts).toHaveLength(1);
  });
});

describe('the process that samples', () => {
  it('gets no listeners of its own', async () => {
    const before = listeners();
    using tool = new FakeTool({ output: round(1) });
    using sampling = new Sampling(tool.path);
    await sampling.until(1);
    expect(listeners()).toEqual(before);
  });

  it('keeps the Ctrl-C of its terminal for itself', async () => {
    using tool = new FakeTool({ output: round(1) });
    using sampling = new Sampling(tool.path);
    await sampling.until(1);
    // A signal of the terminal goes to a group of processes. The tool leads one of its own.
    expect(exists(-(tool.starts[0]?.pid ?? 0))).toBe(true);
  });

  it('ends by itself, as it would without, and the tool with it', async () => {
    using tool = new FakeTool({ output: round(2) });
    const result = await runNode([host, tool.path, '0']);
    expect(result).toEqual({ code: 0, signal: null, stdout: 'sampled 2\n', stderr: '' });
    await untilDead(tool.starts[0]?.pid ?? 0);
  });

  it('ends by itself while it waits to start the tool again', async () => {
    using tool = new FakeTool({ output: round(1), exitCode: 0 });
    // Half a second, in which the tool ends. It would be started again after a minute.
    expect(await runNode([host, tool.path, '500'])).toMatchObject({ code: 0, stdout: 'sampled 1\n' });
    expect(tool.starts).toHaveLength(1);
  });

  it('goes on where it has no file descriptors left for the tool', async () => {
    const limited = ['-c', 'ulimit -n 64 && exec "$0" "$1"', process.execPath, withoutDescriptors];
    await using child = await startProcess('/bin/sh', limited);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.output()).toMatch(/\nsignal-otel no GPU metrics from "nvidia-smi": EMFILE\ngoes on\n$/);
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('takes the tool with it when it dies of %s', async (signal) => {
    using tool = new FakeTool({ output: round(1) });
    await using child = await startNode([host, tool.path, '60000']);
    await child.waitForOutput(/sampled 1/);
    const pid = tool.starts[0]?.pid ?? 0;
    expect(exists(pid)).toBe(true);
    expect(await child.kill(signal)).toEqual({ code: null, signal });
    await untilDead(pid);
    expect(child.output()).toBe('sampled 1\n');
  });
});

function listeners(): [string | symbol, number][] {
  return process.eventNames().map((name) => [name, process.listenerCount(name)]);
}
