import { closeSync, openSync, rmSync } from 'node:fs';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { type DeliveryRequest, SIGNALS, type SignalKind } from './request.ts';
import { loadSqlite } from './sqlite.ts';
import type { DeliveryStore, StoredRequest, StoredSummary } from './store.ts';

/** A table of another layout is left to the version that made it. */
const LAYOUT = 1;

/** Between two requests that follow each other, so that halves of halves find a place between: 2^20 pieces of one. */
const ID_STEP = 2 ** 20;

const SQLITE_BUSY = 5;
const SQLITE_CANTOPEN = 14;

const FOR_ITS_OWNER_ONLY = 0o600;

/**
 * Requests in an SQLite file that belongs to one process at a time. The lock on it is the operating system's and goes
 * with the process, however that ends; so a file that can be locked was left behind, and whoever locks it first delivers
 * what is in it.
 */
export class SpoolFile implements DeliveryStore {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;
  #bytes: number;
  #count: number;
  #lastId: number;

  /** @throws Error where the file cannot be made. */
  static create(path: string): SpoolFile {
    closeSync(openSync(path, 'wx', FOR_ITS_OWNER_ONLY));
    try {
      return new SpoolFile(path);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }

  /**
   * @returns `undefined` for a file that a living process has, or another version of the package has made.
   * @throws Error where the file is damaged.
   */
  static adopt(path: string): SpoolFile | undefined {
    try {
      return new SpoolFile(path);
    } catch (error) {
      if (error instanceof OtherLayout || isLocked(error) || isGone(error)) return undefined;
      throw error;
    }
  }

  private constructor(path: string) {
    this.path = path;
    const { DatabaseSync } = loadSqlite();
    // `rw`: a file that has gone meanwhile is not to come back, empty.
    this.#database = new DatabaseSync(new URL(`${pathToFileURL(path)}?mode=rw`), { timeout: 0 });
    try {
      setUp(this.#database);
      this.#statements = prepare(this.#database);
      const { bytes, count, lastId } = this.#statements.totals.get() ?? {};
      this.#bytes = Number(bytes ?? 0);
      this.#count = Number(count ?? 0);
      this.#lastId = Number(lastId ?? 0);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#count;
  }

  add(request: DeliveryRequest): number {
    const id = this.#lastId + ID_STEP;
    this.#insert(id, request);
    this.#lastId = id;
    return id;
  }

  first(signal: SignalKind): StoredRequest | undefined {
    const row = this.#statements.first.get(signal);
    return row && toStored(row);
  }

  oldest(except: ReadonlySet<number>): StoredSummary | undefined {
    for (const row of this.#statements.summaries.iterate()) {
      const summary = toSummary(row);
      if (!except.has(summary.id)) return summary;
    }
    return undefined;
  }

  remove(id: number): void {
    const row = this.#statements.remove.get(id);
    if (row === undefined) return;
    this.#bytes -= Number(row.bytes);
    this.#count -= 1;
  }

  replace(id: number, requests: readonly DeliveryRequest[]): void {
    const next = Number(this.#statements.next.get(id)?.id ?? id + ID_STEP);
    const step = Math.floor((next - id) / requests.length);
    this.#database.exec('BEGIN');
    this.remove(id);
    for (const [index, request] of requests.entries()) this.#insert(id + index * step, request);
    this.#database.exec('COMMIT');
  }

  all(): readonly StoredRequest[] {
    return this.#statements.all.all().map(toStored);
  }

  /** The file goes with the last request in it. */
  close(): void {
    this.#database.close();
    if (this.#count === 0) removeFile(this.path);
  }

  /** Gives the file up, with what is in it. */
  discard(): void {
    this.#database.close();
    removeFile(this.path);
  }

  #insert(id: number, { signal, contentType, encoding, body, points, createdMillis }: DeliveryRequest): void {
    this.#statements.insert.run(id, signal, contentType, encoding, body, points, createdMillis);
    this.#bytes += body.length;
    this.#count += 1;
  }
}

/** Whether another connection, of this process or another, has the file. */
export function isLocked(error: unknown): boolean {
  return isSqliteError(error, SQLITE_BUSY);
}

function isGone(error: unknown): boolean {
  return isSqliteError(error, SQLITE_CANTOPEN);
}

function isSqliteError(error: unknown, code: number): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === code;
}

/** With the files that SQLite keeps beside it. */
export function removeFile(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

class OtherLayout extends Error {}

function setUp(database: DatabaseSync): void {
  // The lock is taken before the file is first read, and then kept. Without shared memory, a network's folder will do.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE');
  const layout = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (layout !== 0 && layout !== LAYOUT) throw new OtherLayout();
  database.exec(`
    CREATE TABLE IF NOT EXISTS requests (
      id INTEGER PRIMARY KEY,
      signal TEXT NOT NULL,
      content_type TEXT NOT NULL,
      encoding TEXT NOT NULL,
      body BLOB NOT NULL,
      points INTEGER NOT NULL,
      created_millis INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS requests_of_a_signal ON requests (signal, id);
    PRAGMA user_version = ${LAYOUT};
    COMMIT;
    -- What is committed survives the process; a loss of power may cost the last second, which is not worth the waits.
    PRAGMA synchronous = NORMAL;
    PRAGMA journal_size_limit = 1048576;
  `);
}

function prepare(database: DatabaseSync) {
  return {
    totals: database.prepare('SELECT sum(length(body)) AS bytes, count(*) AS count, max(id) AS lastId FROM requests'),
    insert: database.prepare('INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?)'),
    first: database.prepare('SELECT * FROM requests WHERE signal = ? ORDER BY id LIMIT 1'),
    all: database.prepare('SELECT * FROM requests ORDER BY id'),
    summaries: database.prepare('SELECT id, signal, points FROM requests ORDER BY id'),
    next: database.prepare('SELECT min(id) AS id FROM requests WHERE id > ?'),
    remove: database.prepare('DELETE FROM requests WHERE id = ? RETURNING length(body) AS bytes'),
  };
}

type Row = Record<string, SQLOutputValue>;

function toStored(row: Row): StoredRequest {
  const { body, content_type: contentType, encoding } = row;
  const { id, signal, points } = toSummary(row);
  if (!(body instanceof Uint8Array)) throw new TypeError('a request without a body');
  return {
    id,
    request: {
      signal,
      contentType: contentType === 'application/json' ? contentType : 'application/x-protobuf',
      encoding: encoding === 'gzip' ? encoding : 'identity',
      body,
      points,
      createdMillis: Number(row.created_millis),
    },
  };
}

function toSummary({ id, signal, points }: Row): StoredSummary {
  const known = SIGNALS.find((name) => name === signal);
  if (known === undefined) throw new TypeError('a request of an unknown signal');
  return { id: Number(id), signal: known, points: Number(points) };
}
