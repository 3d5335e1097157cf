import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { warnOnce } from '../otel/diagnostics.ts';
import { textOf } from '../otel/errors.ts';
import { quoted } from '../otel/text.ts';
import type { ResponseHead } from './exchange.ts';
import { later } from './later.ts';

/** Answers with metrics in them are a kilobyte; of what is larger the caller may have all memory it needs. */
const MAX_BYTES = 1_048_576;
/** Parsed at once: it takes 0.1 ms. The caller need not wait for more. */
const MAX_BYTES_AT_ONCE = 65_536;

const decompressors: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, { maxOutputLength: MAX_BYTES }),
  'x-gzip': (bytes) => gunzipSync(bytes, { maxOutputLength: MAX_BYTES }),
  deflate: (bytes) => inflateSync(bytes, { maxOutputLength: MAX_BYTES }),
  br: (bytes) => brotliDecompressSync(bytes, { maxOutputLength: MAX_BYTES }),
  zstd: (bytes) => zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES }),
};

/** Collects the body of a JSON answer, as copies of what the client gets, and reads it. */
export class AnswerBody {
  readonly #encoding: string;
  readonly #maxBytes: number;
  #chunks: Buffer[] | undefined;
  #bytes = 0;

  /** @param maxBytes of what is worth reading. Default: all that may be, and what is larger is told. */
  constructor(head: ResponseHead, maxBytes: number = MAX_BYTES) {
    this.#maxBytes = maxBytes;
    this.#encoding = head.header('content-encoding')?.trim().toLowerCase() ?? 'identity';
    const isJson = /^application\/(?:[\w.+-]+\+)?json\b/i.test(head.header('content-type')?.trim() ?? '');
    if (!isJson) return;
    if (this.#encoding !== 'identity' && !Object.hasOwn(decompressors, this.#encoding)) {
      this.#leaveOut('answer-encoding', `has the content-encoding ${quoted(this.#encoding)}, which is not read here`);
      return;
    }
    this.#chunks = [];
    if (Number(head.header('content-length')) > maxBytes) this.#tooLarge();
  }

  add(chunk: Uint8Array): void {
    if (this.#chunks === undefined) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.#tooLarge();
    else this.#chunks.push(Buffer.from(chunk));
  }

  /** @param done is given the answer; `undefined` where it is no JSON object, or too large. */
  read(done: (answer: object | undefined) => void): void {
    const chunks = this.#chunks;
    if (chunks === undefined) {
      done(undefined);
      return;
    }
    const parse = () => done(this.#parsed(Buffer.concat(chunks)));
    if (this.#bytes <= MAX_BYTES_AT_ONCE) parse();
    else later(parse);
  }

  #tooLarge(): void {
    this.#leaveOut('answer-size', `is larger than ${MAX_BYTES} bytes`);
  }

  #leaveOut(cause: string, why: string): void {
    this.#chunks = undefined;
    // Of others nothing is recorded.
    if (this.#maxBytes === MAX_BYTES) warnOnce(cause, `an answer of Signal's API ${why}: its metrics are not recorded`);
  }

  #parsed(bytes: Buffer): object | undefined {
    try {
      const json = decompressors[this.#encoding]?.(bytes) ?? bytes;
      const answer: unknown = JSON.parse(json.toString());
      return typeof answer === 'object' && answer !== null ? answer : undefined;
    } catch (error) {
      if (textOf(error, 'code') === 'ERR_BUFFER_TOO_LARGE') this.#tooLarge();
      // Of all else, whoever reads it in earnest says what is wrong with it.
      return undefined;
    }
  }
}
