import type { DeliveryKind, DeliveryRequest } from './request.ts';

/** A request that waits in a store. */
export interface StoredRequest {
  readonly id: number;
  readonly request: DeliveryRequest;
}

/** What is known of a request without reading it. */
export type StoredSummary = Pick<StoredRequest, 'id'> & Pick<DeliveryRequest, 'signal' | 'points'>;

/** Requests in the order in which they came, each signal for itself. */
export interface DeliveryStore {
  /** Of all bodies. */
  readonly bytes: number;
  readonly length: number;
  /** Whether what is in it outlives the process. */
  readonly isDurable: boolean;
  /** @returns its id. */
  add(request: DeliveryRequest): number;
  /** The request of a signal that came first, or the one after it. */
  waiting(signal: DeliveryKind, place: 0 | 1): StoredRequest | undefined;
  /** The oldest request of any signal, but for some. */
  oldest(except: ReadonlySet<number>): StoredSummary | undefined;
  /** @returns whether it was there. */
  remove(id: number): boolean;
  /** Puts requests in the place of one. */
  replace(id: number, requests: readonly DeliveryRequest[]): void;
  all(): Iterable<StoredRequest>;
}

/** A store that lives and dies with the process. */
export class MemoryStore implements DeliveryStore {
  readonly isDurable = false;
  /** By age, so a search for the first of a signal looks at few. */
  readonly #entries: StoredRequest[] = [];
  #nextId = 1;
  #bytes = 0;

  /** @param entries what it begins with, in order; their ids stay. */
  constructor(entries: Iterable<StoredRequest> = []) {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.request.body.length;
      this.#nextId = Math.max(this.#nextId, entry.id + 1);
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#entries.length;
  }

  add(request: DeliveryRequest): number {
    const entry = this.#entry(request);
    this.#entries.push(entry);
    return entry.id;
  }

  waiting(signal: DeliveryKind, place: 0 | 1): StoredRequest | undefined {
    let before = 0;
    return this.#entries.find(({ request }) => request.signal === signal && before++ === place);
  }

  oldest(except: ReadonlySet<number>): StoredSummary | undefined {
    const entry = this.#entries.find(({ id }) => !except.has(id));
    if (entry === undefined) return undefined;
    const { signal, points } = entry.request;
    return { id: entry.id, signal, points };
  }

  remove(id: number): boolean {
    return this.#splice(id, []);
  }

  replace(id: number, requests: readonly DeliveryRequest[]): void {
    this.#splice(id, requests);
  }

  all(): readonly StoredRequest[] {
    return [...this.#entries];
  }

  #splice(id: number, requests: readonly DeliveryRequest[]): boolean {
    const at = this.#entries.findIndex((entry) => entry.id === id);
    const entry = this.#entries[at];
    if (entry === undefined) return false;
    this.#bytes -= entry.request.body.length;
    this.#entries.splice(at, 1, ...requests.map((request) => this.#entry(request)));
    return true;
  }

  #entry(request: DeliveryRequest): StoredRequest {
    this.#bytes += request.body.length;
    return { id: this.#nextId++, request };
  }
}
