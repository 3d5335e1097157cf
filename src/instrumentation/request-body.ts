import { later } from './later.ts';
import { type RequestFacts, readRequestFacts } from './request-facts.ts';
import { fingerprintOf } from './retries.ts';

/** A batch is a few megabytes at most; what goes beyond is sent unread. */
const MAX_BYTES = 16_777_216;

/** Reads a request's body once it is sent, while the server works and the caller waits. */
export class RequestBody {
  #chunks: (Uint8Array | string)[] = [];
  #bytes = 0;
  #reading: { readonly facts: RequestFacts; readonly fingerprint: string } | undefined;

  add(chunk: Uint8Array | string): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_BYTES) this.#chunks.push(chunk);
    else this.#chunks = [];
  }

  readSoon(): void {
    later(() => this.read());
  }

  read() {
    if (this.#reading === undefined) {
      const text = this.#chunks.map(toText).join('');
      this.#chunks = [];
      const facts = readRequestFacts(text);
      this.#reading = { facts, fingerprint: fingerprintOf(text, facts) };
    }
    return this.#reading;
  }
}

/** Each byte as a character, the fastest way to a text. */
function toText(chunk: Uint8Array | string): string {
  if (typeof chunk === 'string') return chunk;
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
}
