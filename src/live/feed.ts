import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { guard } from '../run/guard.ts';
import type { WireSnapshot } from './protocol.ts';
import type { RunStore } from './run-store.ts';

/** Ten messages a second are more than an eye follows. */
const INTERVAL_MILLIS = 100;
/** Messages that are kept for those who come back: half a minute, and no more memory than this. */
const MAX_KEPT = 300;
const MAX_KEPT_LENGTH = 4_000_000;
/** A comment, so that a connection that is gone is noticed. */
const HEARTBEAT_TICKS = 150;
const MAX_LISTENERS = 24;
/** Who reads so slowly has to begin anew: what waits for them is the process's memory. */
const MAX_WAITING_BYTES = 4_000_000;

interface Message {
  readonly sequence: number;
  readonly text: string;
}

/**
 * What is new in the store as server-sent events, each with an id. Who comes back with the id of the last one gets the
 * rest; where that is no longer known, `reset`, and has to ask for everything.
 */
export class Feed {
  readonly #store: RunStore;
  /** Of this process: an id of the one before it means nothing here. */
  readonly #process = randomUUID().slice(0, 8);
  readonly #listeners = new Set<ServerResponse>();
  readonly #kept: Message[] = [];
  #keptLength = 0;
  #sequence = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** All there is, and the id from which the stream goes on. */
  snapshot(): WireSnapshot {
    this.#tell();
    this.#start();
    return { id: this.#id(this.#sequence), ...this.#store.toWire() };
  }

  /**
   * Sends what comes, after what has come since.
   * @returns whether there is room for one more.
   */
  listen(response: ServerResponse, lastId: string | undefined): boolean {
    if (this.#listeners.size >= MAX_LISTENERS) return false;
    this.#tell();
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    response.write(this.#missedSince(lastId));
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
    this.#start();
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const response of this.#listeners) response.destroy();
  }

  #start(): void {
    this.#timer ??= setInterval(() => guard('live page', () => this.#tick()), INTERVAL_MILLIS).unref();
    this.#ticks = 0;
  }

  #tick(): void {
    this.#ticks += 1;
    // Nobody has looked for as long as messages are kept: what is new can wait for whoever looks next.
    if (this.#listeners.size === 0 && this.#ticks > MAX_KEPT) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#forget();
      return;
    }
    this.#tell();
    if (this.#listeners.size > 0 && this.#ticks % HEARTBEAT_TICKS === 0) this.#send(': still here\n\n');
  }

  #tell(): void {
    const update = this.#store.take();
    if (update === undefined) return;
    this.#sequence += 1;
    const text = `id: ${this.#id(this.#sequence)}\ndata: ${JSON.stringify(update)}\n\n`;
    this.#keep({ sequence: this.#sequence, text });
    this.#send(text);
  }

  #send(text: string): void {
    for (const response of this.#listeners) {
      if (response.writableLength > MAX_WAITING_BYTES) response.destroy();
      else response.write(text);
    }
  }

  #keep(message: Message): void {
    this.#kept.push(message);
    this.#keptLength += message.text.length;
    while (this.#kept.length > MAX_KEPT || this.#keptLength > MAX_KEPT_LENGTH) {
      this.#keptLength -= this.#kept.shift()?.text.length ?? 0;
    }
  }

  #forget(): void {
    this.#kept.length = 0;
    this.#keptLength = 0;
  }

  #missedSince(lastId: string | undefined): string {
    const [process, number = ''] = lastId?.split('-') ?? [];
    const sequence = Number(number);
    const isKnown =
      process === this.#process &&
      Number.isSafeInteger(sequence) &&
      sequence <= this.#sequence &&
      sequence >= (this.#kept[0]?.sequence ?? this.#sequence + 1) - 1;
    if (!isKnown) return 'event: reset\ndata: {}\n\n';
    const missed = this.#kept.filter((message) => message.sequence > sequence);
    return `retry: 1000\n\n${missed.map(({ text }) => text).join('')}`;
  }

  #id(sequence: number): string {
    return `${this.#process}-${sequence}`;
  }
}
