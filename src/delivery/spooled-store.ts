import type { DiagLogger } from '@opentelemetry/api';
import { DELIVERIES, type DeliveryKind, type DeliveryRequest } from './request.ts';
import { describeFault } from './spool.ts';
import { SpoolFile } from './spool-file.ts';
import type { DeliveryStatus } from './status.ts';
import { type DeliveryStore, MemoryStore, type StoredRequest, type StoredSummary } from './store.ts';

export interface SpooledStoreOptions {
  readonly status: DeliveryStatus;
  readonly log: Pick<DiagLogger, 'warn'>;
}

/**
 * A spool file, and memory in its stead once the file can no longer be used: what waits in it goes on under the ids that
 * it had, and whoever uses the store does not notice.
 */
export class SpooledStore implements DeliveryStore {
  readonly #options: SpooledStoreOptions;
  #store: SpoolFile | MemoryStore;

  constructor(file: SpoolFile, options: SpooledStoreOptions) {
    this.#store = file;
    this.#options = options;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  get length(): number {
    return this.#store.length;
  }

  get isDurable(): boolean {
    return this.#store.isDurable;
  }

  add(request: DeliveryRequest): number {
    return this.#use((store) => store.add(request));
  }

  waiting(signal: DeliveryKind, place: 0 | 1): StoredRequest | undefined {
    return this.#use((store) => store.waiting(signal, place));
  }

  oldest(except: ReadonlySet<number>): StoredSummary | undefined {
    return this.#use((store) => store.oldest(except));
  }

  remove(id: number): boolean {
    return this.#use((store) => store.remove(id));
  }

  replace(id: number, requests: readonly DeliveryRequest[]): void {
    this.#use((store) => store.replace(id, requests));
  }

  all(): Iterable<StoredRequest> {
    return this.#use((store) => [...store.all()]);
  }

  /** What is in the file stays there for another process, and is out of reach here. */
  close(): void {
    const store = this.#store;
    this.#store = new MemoryStore();
    if (store instanceof SpoolFile) store.close();
  }

  #use<T>(use: (store: DeliveryStore) => T): T {
    try {
      return use(this.#store);
    } catch (error) {
      if (!(this.#store instanceof SpoolFile)) throw error;
      this.#store = this.#rescue(this.#store, error);
      return use(this.#store);
    }
  }

  #rescue(file: SpoolFile, error: unknown): MemoryStore {
    const { log, status } = this.#options;
    log.warn(
      `${file.path} can no longer be used (${describeFault(error)}); what waits for delivery is kept in memory instead`,
    );
    const rescued: StoredRequest[] = [];
    try {
      for (const entry of file.all()) rescued.push(entry);
    } catch {
      // Where a part of it cannot be read, that part is lost, and counted below.
    }
    for (const signal of DELIVERIES) {
      const points = rescued.reduce((sum, { request }) => sum + (request.signal === signal ? request.points : 0), 0);
      status.dropped(signal, 'unreadable', file.points[signal] - points, `${file.path} can no longer be read`);
    }
    try {
      // Its requests are in memory now, and must not be delivered once more by the next process.
      file.discard();
    } catch {
      // A folder that can no longer be written to, which has been said.
    }
    return new MemoryStore(rescued);
  }
}
