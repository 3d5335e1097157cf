import type { DiagLogger } from '@opentelemetry/api';
import { Compressor } from './compressor.ts';
import type { Destination } from './destination.ts';
import { type DeliveryRequest, SIGNALS, type SignalKind } from './request.ts';
import { Sender, type WaitingRequest } from './sender.ts';
import { describeFault, type Spool } from './spool.ts';
import { SpoolFile } from './spool-file.ts';
import type { DeliveryStatus } from './status.ts';
import { type DeliveryStore, MemoryStore, type StoredRequest } from './store.ts';

export interface DeliveryQueueOptions {
  readonly destinations: Partial<Readonly<Record<SignalKind, Destination>>>;
  /** How many bytes may wait. Past it the oldest requests give way. */
  readonly maxBytes: number;
  /** The longest pause between two attempts. */
  readonly maxBackoffMillis: number;
  /** Where requests wait on disk. Default: they wait in memory. */
  readonly spool?: Spool | undefined;
  readonly status: DeliveryStatus;
  readonly log: Pick<DiagLogger, 'info' | 'warn'>;
}

/** A request that is being sent, and the store that has it now. */
interface Place {
  store: DeliveryStore;
  id: number;
}

/** How often to look for what other processes have left behind: one may end while this one goes on. */
const ADOPTION_INTERVAL_MILLIS = 10_000;

/**
 * Keeps what exporters hand over, in order, until the receiver has taken it: in memory, or in a file that outlives the
 * process.
 */
export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #compressor: Compressor;
  readonly #senders: ReadonlyMap<SignalKind, Sender>;
  /** What gone processes left, the oldest first. */
  #left: readonly DeliveryStore[] = [];
  #own: DeliveryStore;
  readonly #sending = new Map<SignalKind, Place>();
  #adoption: NodeJS.Timeout | undefined;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
    this.#compressor = new Compressor((request) => this.#store(request));
    this.#senders = new Map(
      SIGNALS.flatMap((signal) => {
        const destination = options.destinations[signal];
        return destination === undefined ? [] : [[signal, this.#createSender(signal, destination)]];
      }),
    );
    this.#own = this.#openOwn();
    if (options.spool === undefined) return;
    this.#adopt();
    this.#adoption = setInterval(() => this.#adopt(), ADOPTION_INTERVAL_MILLIS).unref();
  }

  /** Takes a request in. Resolves once it is kept. Never rejects. */
  async add(request: DeliveryRequest): Promise<void> {
    const compresses = this.#options.destinations[request.signal]?.compresses ?? false;
    if (compresses && request.encoding === 'identity') await this.#compressor.add(request);
    else this.#store(request);
  }

  /** Requests that wait, what other processes left included. */
  get length(): number {
    return this.#stores.reduce((length, store) => length + store.length, this.#compressor.length);
  }

  /** The bytes of what waits. */
  get bytes(): number {
    return this.#stores.reduce((bytes, store) => bytes + store.bytes, 0);
  }

  /**
   * Sends now what waits. Resolves when nothing waits any more, when that is hopeless, or when the time is over. What a
   * file keeps is tried once: the next process will deliver it.
   */
  async flush(timeoutMillis: number): Promise<void> {
    const deadline = performance.now() + timeoutMillis;
    const retries = !(this.#own instanceof SpoolFile);
    let timer: NodeJS.Timeout | undefined;
    // This timer alone keeps the process going meanwhile: connections that wait for an answer do not.
    const timeIsOver = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMillis);
    });
    const flushAll = async () => {
      await this.#compressor.idle();
      await Promise.all([...this.#senders.values()].map((sender) => sender.flush({ deadline, retries })));
    };
    await Promise.race([flushAll(), timeIsOver]);
    clearTimeout(timer);
  }

  /** Takes out what would be lost with this process. */
  takeVolatile(): DeliveryRequest[] {
    this.#compressor.settle();
    return this.#stores.flatMap((store) => {
      if (store instanceof SpoolFile) return [];
      const entries = store.all();
      for (const { id } of entries) store.remove(id);
      return entries.map(({ request }) => request);
    });
  }

  /** Ends. What is in memory is lost, what is in a file waits there for another process. */
  close(): void {
    clearInterval(this.#adoption);
    const lost = this.takeVolatile();
    for (const signal of SIGNALS) {
      const points = lost.reduce((total, request) => total + (request.signal === signal ? request.points : 0), 0);
      this.#options.status.notSent(signal, points);
    }
    const left = this.length;
    for (const store of this.#stores) if (store instanceof SpoolFile) store.close();
    this.#left = [];
    this.#own = new MemoryStore();
    if (left > 0) {
      this.#options.log.info(`${left} requests wait in ${this.#options.spool?.folder} for the next process`);
    }
  }

  /** In the order in which they are sent. */
  get #stores(): readonly DeliveryStore[] {
    return [...this.#left, this.#own];
  }

  #openOwn(): DeliveryStore {
    const { spool, log } = this.#options;
    if (spool === undefined) return new MemoryStore();
    try {
      return spool.create();
    } catch (error) {
      log.warn(`nothing can be kept in ${spool.folder} (${describeFault(error)}); it is kept in memory instead`);
      return new MemoryStore();
    }
  }

  #adopt(): void {
    const adopted = this.#options.spool?.adopt() ?? [];
    if (adopted.length === 0) return;
    this.#left = [...this.#left, ...adopted];
    for (const store of adopted) this.#forgetEmptied(store);
    for (const sender of this.#senders.values()) sender.wake();
  }

  #store(request: DeliveryRequest): void {
    const own = this.#own;
    this.#guarded(own, () => own.add(request)) ?? this.#own.add(request);
    this.#makeRoom();
    this.#senders.get(request.signal)?.wake();
  }

  #makeRoom(): void {
    const { maxBytes, status } = this.#options;
    for (const own = this.#own; own.bytes > maxBytes && own === this.#own; ) {
      const sending = [...this.#sending.values()].filter(({ store }) => store === own).map(({ id }) => id);
      const oldest = this.#guarded(own, () => own.oldest(new Set(sending)));
      if (oldest === undefined) return;
      this.#guarded(own, () => own.remove(oldest.id));
      status.dropped(
        oldest.signal,
        'queue_full',
        oldest.points,
        `more than ${maxBytes} bytes wait for delivery, the oldest gave way (SIGNAL_QUEUE_MAX_BYTES)`,
      );
    }
  }

  #createSender(signal: SignalKind, destination: Destination): Sender {
    const { status, maxBackoffMillis } = this.#options;
    return new Sender(signal, {
      destination,
      status,
      maxBackoffMillis,
      hasNext: () => this.#first(signal) !== undefined,
      next: () => this.#next(signal),
    });
  }

  #first(signal: SignalKind): (StoredRequest & { readonly store: DeliveryStore }) | undefined {
    for (const store of this.#stores) {
      const entry = this.#guarded(store, () => store.first(signal));
      if (entry !== undefined) return { ...entry, store };
    }
    return undefined;
  }

  #next(signal: SignalKind): WaitingRequest | undefined {
    const first = this.#first(signal);
    if (first === undefined) return undefined;
    const { id, store, request } = first;
    const place: Place = { store, id };
    this.#sending.set(signal, place);
    const settle = (change: () => void) => {
      this.#guarded(place.store, change);
      this.#sending.delete(signal);
    };
    return {
      request,
      keep: () => this.#sending.delete(signal),
      replace: (requests) => settle(() => place.store.replace(place.id, requests)),
      remove: () => {
        settle(() => place.store.remove(place.id));
        this.#forgetEmptied(place.store);
      },
    };
  }

  /** A file that another process left is gone with its last request. */
  #forgetEmptied(store: DeliveryStore): void {
    if (store === this.#own || store.length > 0) return;
    this.#left = this.#left.filter((other) => other !== store);
    if (store instanceof SpoolFile) store.close();
  }

  /** Uses a store. Where its file fails, what is in it goes on in memory, and the result is `undefined`. */
  #guarded<T>(store: DeliveryStore, use: () => T): T | undefined {
    try {
      return use();
    } catch (error) {
      if (!(store instanceof SpoolFile)) throw error;
      this.#goOnInMemory(store, error);
      return undefined;
    }
  }

  #goOnInMemory(file: SpoolFile, error: unknown): void {
    const memory = new MemoryStore();
    this.#options.log.warn(
      `${file.path} can no longer be used (${describeFault(error)}); what waits for delivery is kept in memory instead`,
    );
    try {
      for (const { id, request } of file.all()) {
        const newId = memory.add(request);
        for (const place of this.#sending.values()) {
          if (place.store === file && place.id === id) Object.assign(place, { store: memory, id: newId });
        }
      }
    } catch (cause) {
      this.#options.log.warn(`${file.path} cannot be read, what waited in it is lost: ${describeFault(cause)}`);
    }
    if (this.#own === file) this.#own = memory;
    else this.#left = this.#left.map((store) => (store === file ? memory : store));
    try {
      // Its requests are in memory now, and must not be delivered once more by the next process.
      file.discard();
    } catch {
      // A folder that can no longer be written to, which has been said.
    }
  }
}
