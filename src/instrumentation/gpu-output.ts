import { oneLine } from '../otel/text.ts';
import { type GpuReading, type GpuSample, sampleOf } from './gpu-sample.ts';

/** What the tool is asked for, in this order. The name comes last: it alone may have a comma in it. */
const FIELDS = [
  'count',
  'index',
  'uuid',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
  'name',
] as const;

/** More than a machine has; what the tool says beyond is garbage. */
const MAX_GPUS = 256;

/** A line has some 100 characters. */
const MAX_LINE_LENGTH = 4_096;
const MAX_TEXT_LENGTH = 100;

const BYTES_PER_MIB = 2 ** 20;

/** Has the tool print one line for each GPU, again and again. */
export function toolArguments(intervalMillis: number): readonly string[] {
  return [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits', `--loop-ms=${intervalMillis}`];
}

/**
 * Makes samples of the tool's output, whatever pieces it comes in. A round is over when all GPUs have had their line.
 * Where one has none, since it was lost or its line is garbage, the round is over with the first line of the next.
 */
export class GpuOutput {
  readonly #onSample: (sample: GpuSample) => void;
  /** The beginning of a line. */
  #line = '';
  #isTooLong = false;
  readonly #round = new Map<number, GpuReading>();
  #roundMillis = 0;
  #remark = '';

  constructor(onSample: (sample: GpuSample) => void) {
    this.#onSample = onSample;
  }

  /** The last line that was no GPU's: the tool prints what is wrong with it there. Empty where there was none. */
  get remark(): string {
    return this.#remark;
  }

  push(text: string): void {
    const [first = '', ...rest] = text.split('\n');
    this.#append(first);
    for (const piece of rest) {
      this.#endLine();
      this.#append(piece);
    }
  }

  #append(piece: string): void {
    this.#isTooLong ||= this.#line.length + piece.length > MAX_LINE_LENGTH;
    this.#line = this.#isTooLong ? '' : this.#line + piece;
  }

  #endLine(): void {
    const line = this.#line.trim();
    const isRead = !this.#isTooLong && line !== '';
    this.#line = '';
    this.#isTooLong = false;
    if (isRead) this.#read(line);
  }

  #read(line: string): void {
    const [count, index, uuid, utilization, memoryUsed, memoryTotal, temperature, power, ...name] = line
      .split(',')
      .map((field) => field.trim());
    const gpu = wholeNumber(index);
    if (gpu === undefined || gpu >= MAX_GPUS || name.length === 0) {
      this.#remark = oneLine(line, MAX_TEXT_LENGTH);
      return;
    }
    if (this.#round.has(gpu)) this.#endRound();
    this.#round.set(gpu, {
      index: gpu,
      uuid: text(uuid),
      name: text(name.join(', ')),
      utilizationPercent: number(utilization, 100),
      memoryUsedBytes: inBytes(number(memoryUsed)),
      memoryTotalBytes: inBytes(number(memoryTotal)),
      temperatureCelsius: number(temperature),
      powerWatts: number(power),
    });
    this.#roundMillis = performance.now();
    if (this.#round.size === wholeNumber(count)) this.#endRound();
  }

  #endRound(): void {
    const gpus = [...this.#round.values()].sort((one, other) => one.index - other.index);
    this.#round.clear();
    this.#onSample(sampleOf(gpus, this.#roundMillis));
  }
}

function wholeNumber(field: string | undefined): number | undefined {
  return field !== undefined && /^\d{1,9}$/.test(field) ? Number(field) : undefined;
}

/** `[N/A]`, `[Not Supported]`, `[Unknown Error]` and whatever else is none are no number. */
function number(field: string | undefined, max = Number.MAX_SAFE_INTEGER): number | undefined {
  if (field === undefined || !/^\d+(\.\d+)?$/.test(field)) return undefined;
  const value = Number(field);
  return value <= max ? value : undefined;
}

function inBytes(mebibytes: number | undefined): number | undefined {
  return mebibytes === undefined ? undefined : mebibytes * BYTES_PER_MIB;
}

/** The tool sets what it does not know in brackets. */
function text(field: string | undefined): string | undefined {
  if (field === undefined || /^\[.*\]$/.test(field)) return undefined;
  return oneLine(field, MAX_TEXT_LENGTH) || undefined;
}
