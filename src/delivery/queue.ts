import type { DiagLogger } from '@opentelemetry/api';
import { Compressor } from './compressor.ts';
import type { Destination } from './destination.ts';
import { DELIVERIES, type DeliveryKind, type DeliveryRequest } from './request.ts';
import { Sender, type WaitingRequest } from './sender.ts';
import { describeFault, type Spool } from './spool.ts';
import { SpooledStore } from './spooled-store.ts';
import type { DeliveryStatus } from './status.ts';
import { type DeliveryStore, MemoryStore, type StoredRequest } from './store.ts';

export interface DeliveryQueueOptions {
  readonly destinations: Partial<Readonly<Record<DeliveryKind, Destination>>>;
  /** How many bytes may wait. Past it the oldest requests give way. */
  readonly maxBytes: number;
  /** The longest pause between two attempts. */
  readonly maxBackoffMillis: number;
  /** Where requests wait on disk. Default: they wait in memory. */
  readonly spool?: Spool | undefined;
  readonly status: DeliveryStatus;
  readonly log: Pick<DiagLogger, 'info' | 'warn'>;
}

/** A request, and the store that has it. */
interface Place extends StoredRequest {
  readonly store: DeliveryStore;
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
  readonly #senders: ReadonlyMap<DeliveryKind, Sender>;
  /** What gone processes left, the oldest first. */
  #left: readonly SpooledStore[] = [];
  #own: DeliveryStore;
  readonly #sending = new Map<DeliveryKind, Place>();
  #adoption: NodeJS.Timeout | undefined;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
    this.#compressor = new Compressor((request) => this.#store(request));
    this.#senders = new Map(
      DELIVERIES.flatMap((signal) => {
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
    if (this.#options.destinations[request.signal]?.compresses) await this.#compressor.add(request);
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
    const flush = { deadline: performance.now() + timeoutMillis, retries: !this.#own.isDurable };
    const senders = [...this.#senders.values()];
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    // This timer alone keeps the process going meanwhile: connections that wait for an answer do not.
    const timeIsOver = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        isOver = true;
        for (const sender of senders) sender.missDeadline();
        resolve();
      }, timeoutMillis);
    });
    const flushAll = async () => {
      do {
        await this.#compressor.idle();
        await Promise.all(senders.map((sender) => sender.flush(flush)));
        // What was exported meanwhile belongs to it: at the end of the process nobody would send it any more.
      } while (!isOver && (this.#compressor.length > 0 || senders.some((sender) => sender.isBusy)));
    };
    await Promise.race([flushAll(), timeIsOver]);
    clearTimeout(timer);
  }

  /** Takes out what would be lost with this process. */
  takeVolatile(): DeliveryRequest[] {
    this.#compressor.settle();
    return this.#stores.flatMap((store) => {
      if (store.isDurable) return [];
      const entries = [...store.all()];
      for (const { id } of entries) store.remove(id);
      return entries.map(({ request }) => request);
    });
  }

  /** Ends. What is in memory is lost, what is in a file waits there for another process. */
  close(): void {
    this.end();
    for (const store of this.#stores) if (store instanceof SpooledStore) store.close();
    this.#left = [];
    this.#own = new MemoryStore();
  }

  /**
   * The same at the end of a process or a thread, which releases its files itself. Until then they stay locked: what is
   * being sent may still be answered, and nobody else is to send it once more.
   */
  end(): void {
    clearInterval(this.#adoption);
    const lost = this.takeVolatile();
    for (const signal of DELIVERIES) {
      const points = lost.reduce((total, request) => total + (request.signal === signal ? request.points : 0), 0);
      this.#options.status.notSent(signal, points);
    }
    this.#options.status.sayLosses();
    const waiting = this.length;
    for (const store of this.#stores) if (store instanceof SpooledStore && store.length === 0) store.close();
    if (waiting > 0) {
      this.#options.log.info(`${waiting} requests wait in ${this.#options.spool?.folder} for the next process`);
    }
  }

  /** In the order in which they are sent. */
  get #stores(): readonly DeliveryStore[] {
    return [...this.#left, this.#own];
  }

  #openOwn(): DeliveryStore {
    const { spool, status, log } = this.#options;
    if (spool === undefined) return new MemoryStore();
    try {
      return new SpooledStore(spool.create(), { status, log });
    } catch (error) {
      log.warn(`nothing can be kept in ${spool.folder} (${describeFault(error)}); it is kept in memory instead`);
      return new MemoryStore();
    }
  }

  #adopt(): void {
    // Where no file of its own can be made, none of others can be used up either.
    if (!this.#own.isDurable) return;
    const { spool, status, log } = this.#options;
    const adopted = (spool?.adopt() ?? []).map((file) => new SpooledStore(file, { status, log }));
    if (adopted.length === 0) return;
    this.#left = [...this.#left, ...adopted];
    for (const store of adopted) this.#forgetEmptied(store);
    for (const sender of this.#senders.values()) sender.wake();
  }

  #store(request: DeliveryRequest): void {
    this.#makeRoomBut(this.#own.add(request));
    this.#senders.get(request.signal)?.wake();
  }

  /** @param newest a request that stays, however large: where the receiver is there, it is gone in a moment. */
  #makeRoomBut(newest: number): void {
    const { maxBytes, status } = this.#options;
    const own = this.#own;
    while (own.bytes > maxBytes) {
      const sending = [...this.#sending.values()].filter(({ store }) => store === own).map(({ id }) => id);
      const oldest = own.oldest(new Set([newest, ...sending]));
      if (oldest === undefined) return;
      own.remove(oldest.id);
      status.dropped(
        oldest.signal,
        'queue_full',
        oldest.points,
        `more than ${maxBytes} bytes wait for delivery, the oldest gave way (SIGNAL_QUEUE_MAX_BYTES)`,
      );
    }
  }

  #createSender(signal: DeliveryKind, destination: Destination): Sender {
    const { status, maxBackoffMillis } = this.#options;
    return new Sender(signal, {
      destination,
      status,
      maxBackoffMillis,
      waiting: (place) => this.#waiting(signal, place),
    });
  }

  #waiting(signal: DeliveryKind, place: 0 | 1): WaitingRequest | undefined {
    const found = this.#find(signal, place);
    if (found === undefined) return undefined;
    const { store, id, request } = found;
    return {
      request,
      sent: async (send) => {
        this.#sending.set(signal, found);
        try {
          return await send();
        } finally {
          this.#sending.delete(signal);
        }
      },
      replace: (requests) => store.replace(id, requests),
      remove: () => {
        const wasThere = store.remove(id);
        if (store instanceof SpooledStore) this.#forgetEmptied(store);
        return wasThere;
      },
    };
  }

  #find(signal: DeliveryKind, place: 0 | 1): Place | undefined {
    const found: Place[] = [];
    for (const store of this.#stores) {
      for (const inStore of [0, 1] as const) {
        const entry = found.length <= place && store.waiting(signal, inStore);
        if (entry) found.push({ ...entry, store });
      }
    }
    return found[place];
  }

  /** A file that another process left is gone with its last request. */
  #forgetEmptied(store: SpooledStore): void {
    if (store.length > 0 || !this.#left.includes(store)) return;
    this.#left = this.#left.filter((other) => other !== store);
    store.close();
    if (this.#left.length === 0) this.#adopt();
  }
}
