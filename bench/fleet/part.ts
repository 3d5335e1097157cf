import { readFileSync } from 'node:fs';

/** Of Linux: ticks of /proc in a second (USER_HZ), the same on every architecture that Node runs on. */
const TICKS_A_SECOND = 100;

/** A part of the topology as the system sees it: one process or many, each of which may be started anew. */
export class Part {
  readonly name: string;
  readonly #pids: () => readonly number[];
  #startSeconds = 0;
  #megabytes: number[] = [];

  /** @param pids of those processes that run now. */
  constructor(name: string, pids: () => readonly number[]) {
    this.name = name;
    this.#pids = pids;
  }

  /** From here on processor time is counted. */
  start(): void {
    this.#startSeconds = this.#processorSeconds();
  }

  /** Since the start. */
  processorSeconds(): number {
    return this.#processorSeconds() - this.#startSeconds;
  }

  /** Looks at the resident memory of each process. */
  look(): void {
    this.#megabytes.push(...this.#pids().map(residentMegabytes));
  }

  /** Of one process, at each look so far. */
  get megabytes(): readonly number[] {
    return this.#megabytes;
  }

  #processorSeconds(): number {
    return this.#pids().reduce((seconds, pid) => seconds + processorSeconds(pid), 0);
  }
}

function processorSeconds(pid: number): number {
  // The name of the program, in parentheses, may have spaces. User and system time are the 14th and 15th field.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1_024;
}
