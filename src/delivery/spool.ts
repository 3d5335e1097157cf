import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DiagLogger } from '@opentelemetry/api';
import { isDamaged, isLocked, removeFile, SpoolFile } from './spool-file.ts';

const EXTENSION = '.sqlite';
const DAMAGED = '.damaged';

/** Another process may take a new file for one left behind, in the moment before it is locked. */
const ATTEMPTS = 5;

/** At a time: they are opened at once, and open files are limited. */
const MAX_ADOPTED = 16;

/** A folder of spool files, one for each process that uses it. */
export class Spool {
  readonly folder: string;
  readonly #log: Pick<DiagLogger, 'warn'>;
  /** Files that are this process's, or that it cannot read. */
  readonly #known = new Set<string>();

  constructor(folder: string, log: Pick<DiagLogger, 'warn'>) {
    this.folder = folder;
    this.#log = log;
  }

  /**
   * A file for this process.
   * @throws Error where the folder cannot be written to.
   */
  create(): SpoolFile {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    for (let attempt = 1; ; attempt++) {
      // By age in the order of their names.
      const name = `${Date.now()}-${randomBytes(8).toString('hex')}${EXTENSION}`;
      try {
        const file = SpoolFile.create(join(this.folder, name));
        this.#known.add(name);
        return file;
      } catch (error) {
        if (attempt === ATTEMPTS || !isLocked(error)) throw error;
      }
    }
  }

  /** A few files that gone processes left behind, the oldest first. Each is this process's from now on. */
  adopt(): SpoolFile[] {
    const adopted: SpoolFile[] = [];
    for (const name of this.#names()) {
      const file = this.#adopt(name);
      if (file !== undefined) adopted.push(file);
      if (adopted.length === MAX_ADOPTED) break;
    }
    return adopted;
  }

  #names(): string[] {
    try {
      const isNew = (name: string) => name.endsWith(EXTENSION) && !this.#known.has(name);
      return readdirSync(this.folder).filter(isNew).sort();
    } catch {
      // That the folder cannot be used has been said where a file was to be made in it.
      return [];
    }
  }

  #adopt(name: string): SpoolFile | undefined {
    const path = join(this.folder, name);
    try {
      const file = SpoolFile.adopt(path);
      if (file !== undefined) this.#known.add(name);
      return file;
    } catch (error) {
      this.#known.add(name);
      const fault = describeFault(error);
      if (isDamaged(error)) {
        setAside(path);
        this.#log.warn(`${path} is damaged, what was in it is lost: ${fault}`);
      } else this.#log.warn(`${path} cannot be opened, what is in it is left there: ${fault}`);
      return undefined;
    }
  }
}

/** A file of a spool folder, by its name and size alone. */
export interface SpoolFileFacts {
  readonly name: string;
  /** With what SQLite keeps beside it. */
  readonly bytes: number;
  readonly createdMillis: number;
  readonly writtenMillis: number;
  readonly isDamaged: boolean;
}

/**
 * What lies in a spool folder, the oldest first. No file is opened or locked, whoever has it.
 * @throws Error where the folder cannot be read.
 */
export function listSpool(folder: string): SpoolFileFacts[] {
  const names = readdirSync(folder).sort();
  return names.flatMap((name) => {
    const isDamaged = name.endsWith(`${EXTENSION}${DAMAGED}`);
    if (!isDamaged && !name.endsWith(EXTENSION)) return [];
    // Each may go at any moment: its process has delivered what was in it.
    const parts = [name, `${name}-wal`].flatMap(
      (part) => statSync(join(folder, part), { throwIfNoEntry: false }) ?? [],
    );
    if (parts.length === 0) return [];
    return [
      {
        name,
        bytes: parts.reduce((total, { size }) => total + size, 0),
        createdMillis: Number.parseInt(name, 10) || Math.min(...parts.map(({ birthtimeMs }) => birthtimeMs)),
        writtenMillis: Math.max(...parts.map(({ mtimeMs }) => mtimeMs)),
        isDamaged,
      },
    ];
  });
}

/** Leaves a file that cannot be read to whoever wants to look at it. */
function setAside(path: string): void {
  try {
    renameSync(path, `${path}${DAMAGED}`);
    removeFile(path);
  } catch {
    // A folder that cannot be written to. The file is passed over.
  }
}

/** The system's or SQLite's own words. */
export function describeFault(error: unknown): string {
  return error instanceof Error ? error.message : typeof error;
}
