import type { DeliveryRequest, SignalKind } from './request.ts';

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
  /** @returns its id. */
  add(request: DeliveryRequest): number;
  first(signal: SignalKind): StoredRequest | undefined;
  /** The oldest request of any signal, but for those that are being sent. */
  oldest(except: ReadonlySet<number>): StoredSummary | undefined;
  remove(id: number): void;
  /** Puts requests in the place of one. */
  replace(id: number, requests: readonly DeliveryRequest[]): void;
  all(): readonly StoredRequest[];
}

/** A store that lives and dies with the process. */
export class MemoryStore implements DeliveryStore {
  /** By age, so a search for the first of a signal looks at few. */
  readonly #entries: StoredRequest[] = [];
  #nextId = 0;
  #bytes = 0;

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

  first(signal: SignalKind): StoredRequest | undefined {
    return this.#entries.find(({ request }) => request.signal === signal);
  }

  oldest(except: ReadonlySet<number>): StoredSummary | undefined {
    const entry = this.#entries.find(({ id }) => !except.has(id));
    if (entry === undefined) return undefined;
    const { signal, points } = entry.request;
    return { id: entry.id, signal, points };
  }

  remove(id: number): void {
    this.replace(id, []);
  }

  replace(id: number, requests: readonly DeliveryRequest[]): void {
    const at = this.#entries.findIndex((entry) => entry.id === id);
    if (at < 0) return;
    this.#bytes -= this.#entries[at]?.request.body.length ?? 0;
    this.#entries.splice(at, 1, ...requests.map((request) => this.#entry(request)));
  }

  all(): readonly StoredRequest[] {
    return [...this.#entries];
  }

  #entry(request: DeliveryRequest): StoredRequest {
    this.#bytes += request.body.length;
    this.#nextId += 1;
    return { id: this.#nextId, request };
  }
}
