import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { DELIVERIES, type DeliveryKind, type DeliveryRequest } from './request.ts';
import { loadSqlite } from './sqlite.ts';
import type { DeliveryStore, StoredRequest, StoredSummary } from './store.ts';

/** A table of another layout is left to the version that made it. */
const LAYOUT = 1;

/** Between two requests that follow each other, so that halves of halves find a place between: 2^20 pieces of one. */
const ID_STEP = 2 ** 20;

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Extended codes tell more about a primary one, which is their lowest byte. */
const PRIMARY_CODE = 0xff;

const FOR_ITS_OWNER_ONLY = 0o600;

/**
 * Requests in an SQLite file that belongs to one process at a time. The lock on it is the operating system's and goes
 * with the process, however that ends; so a file that can be locked was left behind, and whoever locks it first delivers
 * what is in it.
 */
export class SpoolFile implements DeliveryStore {
  readonly path: string;
  readonly isDurable = true;
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;
  #points: Record<DeliveryKind, number> = { metrics: 0, traces: 0, logs: 0, events: 0, checks: 0 };
  #bytes = 0;
  #count = 0;
  #lastId = 0;

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
   * @returns `undefined` for a file that a living process has, or has just removed, or that another version of the
   * package has made.
   * @throws Error where the file cannot be read.
   */
  static adopt(path: string): SpoolFile | undefined {
    try {
      return new SpoolFile(path);
    } catch (error) {
      if (error instanceof OtherLayout || isLocked(error) || !existsSync(path)) return undefined;
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
      for (const row of this.#statements.totals.iterate()) {
        this.#count += Number(row.count);
        this.#bytes += Number(row.bytes);
        this.#points[toSignal(row)] = Number(row.points);
        this.#lastId = Math.max(this.#lastId, Number(row.lastId));
      }
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

  /** How many points wait. */
  get points(): Readonly<Record<DeliveryKind, number>> {
    return this.#points;
  }

  add(request: DeliveryRequest): number {
    // SQLite writes on into a file that has been deleted, which no other process will ever find.
    if (!existsSync(this.path)) throw new Error('it has been deleted');
    const id = this.#lastId + ID_STEP;
    this.#insert(id, request);
    this.#lastId = id;
    return id;
  }

  waiting(signal: DeliveryKind, place: 0 | 1): StoredRequest | undefined {
    const row = this.#statements.waiting.get(signal, place);
    return row && toStored(row);
  }

  oldest(except: ReadonlySet<number>): StoredSummary | undefined {
    for (const row of this.#statements.summaries.iterate()) {
      const summary = toSummary(row);
      if (!except.has(summary.id)) return summary;
    }
    return undefined;
  }

  remove(id: number): boolean {
    const row = this.#statements.remove.get(id);
    if (row === undefined) return false;
    this.#count -= 1;
    this.#bytes -= Number(row.bytes);
    this.#points[toSignal(row)] -= Number(row.points);
    return true;
  }

  replace(id: number, requests: readonly DeliveryRequest[]): void {
    const next = Number(this.#statements.next.get(id)?.id ?? id + ID_STEP);
    const step = Math.floor((next - id) / requests.length);
    const before = { count: this.#count, bytes: this.#bytes, points: { ...this.#points } };
    this.#database.exec('BEGIN');
    try {
      if (this.remove(id)) requests.forEach((request, index) => void this.#insert(id + index * step, request));
      this.#database.exec('COMMIT');
    } catch (error) {
      // Otherwise whoever reads what is left would not find the one that was to be replaced.
      this.#rollBack();
      this.#count = before.count;
      this.#bytes = before.bytes;
      this.#points = before.points;
      throw error;
    }
  }

  *all(): Generator<StoredRequest, undefined> {
    for (const row of this.#statements.all.iterate()) yield toStored(row);
  }

  /** The file goes with the last request in it. */
  close(): void {
    this.#database.close();
    if (this.#count === 0) removeFile(this.path);
  }

  /** Gives the file up, with what is in it. */
  discard(): void {
    try {
      // Before it is closed: no other process is to find it unlocked.
      removeFile(this.path);
    } finally {
      this.#database.close();
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // SQLite has done it itself, as after some faults.
    }
  }

  #insert(id: number, { signal, contentType, encoding, body, points, createdMillis }: DeliveryRequest): void {
    this.#statements.insert.run(id, signal, contentType, encoding, body, points, createdMillis);
    this.#count += 1;
    this.#bytes += body.length;
    this.#points[signal] += points;
  }
}

/** Whether another connection, of this process or another, has the file. */
export function isLocked(error: unknown): boolean {
  return isSqliteError(error, SQLITE_BUSY);
}

/** Whether what is in the file is lost, and not only out of reach for now. */
export function isDamaged(error: unknown): boolean {
  return isSqliteError(error, SQLITE_CORRUPT) || isSqliteError(error, SQLITE_NOTADB) || error instanceof TypeError;
}

function isSqliteError(error: unknown, code: number): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & PRIMARY_CODE) === code
  );
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
    totals: database.prepare(`
      SELECT signal, sum(length(body)) AS bytes, count(*) AS count, sum(points) AS points, max(id) AS lastId
      FROM requests GROUP BY signal
    `),
    insert: database.prepare('INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?)'),
    waiting: database.prepare('SELECT * FROM requests WHERE signal = ? ORDER BY id LIMIT 1 OFFSET ?'),
    all: database.prepare('SELECT * FROM requests ORDER BY id'),
    summaries: database.prepare('SELECT id, signal, points FROM requests ORDER BY id'),
    next: database.prepare('SELECT min(id) AS id FROM requests WHERE id > ?'),
    remove: database.prepare('DELETE FROM requests WHERE id = ? RETURNING signal, points, length(body) AS bytes'),
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

function toSummary(row: Row): StoredSummary {
  return { id: Number(row.id), signal: toSignal(row), points: Number(row.points) };
}

function toSignal({ signal }: Row): DeliveryKind {
  const known = DELIVERIES.find((name) => name === signal);
  if (known === undefined) throw new TypeError('a request of an unknown signal');
  return known;
}
