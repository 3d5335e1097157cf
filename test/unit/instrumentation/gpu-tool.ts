import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const script = fileURLToPath(new URL('apps/nvidia-smi.mjs', import.meta.url));

/** One run of the tool: what it prints, and how it ends. Without an exit code it stays. */
export interface ToolRun {
  readonly output: string;
  readonly exitCode?: number;
}

export interface ToolStart {
  readonly pid: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A tool that is no `nvidia-smi`, but talks like it. */
export class FakeTool implements Disposable {
  readonly #folder = new TemporaryFolder();
  readonly path = join(this.#folder.path, 'nvidia-smi');
  readonly #started = join(this.#folder.path, 'started.jsonl');

  /** @param runs one after the other; the last one again and again. */
  constructor(...runs: readonly ToolRun[]) {
    writeFileSync(join(this.#folder.path, 'runs.json'), JSON.stringify(runs));
    // The system's own Node may be one that is too old.
    const command = [process.execPath, script, this.#folder.path].map((part) => `'${part}'`).join(' ');
    writeFileSync(this.path, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  }

  /** What it has been started with so far. */
  get starts(): readonly ToolStart[] {
    if (!existsSync(this.#started)) return [];
    const lines = readFileSync(this.#started, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

export interface GpuLine {
  readonly count?: number;
  readonly index?: number;
  readonly utilization?: string;
  readonly memoryUsed?: string;
  readonly memoryTotal?: string;
  readonly temperature?: string;
  readonly power?: string;
  readonly name?: string;
}

/** A line as the tool prints it for an H100. */
export function gpuLine({ count = 1, index = 0, ...fields }: GpuLine = {}): string {
  const { utilization = '87', memoryUsed = '61440', memoryTotal = '81559' } = fields;
  const { temperature = '54', power = '612.37', name = 'NVIDIA H100 80GB HBM3' } = fields;
  return `${[count, index, uuidOf(index), utilization, memoryUsed, memoryTotal, temperature, power, name].join(', ')}\n`;
}

/** A round of so many GPUs, each of which is at work for as many percent as its index. */
export function round(count: number): string {
  return Array.from({ length: count }, (_, index) => gpuLine({ count, index, utilization: String(index) })).join('');
}

export function uuidOf(index: number): string {
  return `GPU-6f0b2c1e-93d4-4a57-8c1d-0000000000${String(index).padStart(2, '0')}`;
}
