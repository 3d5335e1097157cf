const INITIAL_BYTES = 64 * 1024;
const TWO_32 = 2 ** 32;
/** Enough for any length that fits into memory. */
const MAX_VARINT_BYTES = 10;

/** Writes protobuf's wire format into one growing buffer. Field numbers stay below 16, so that a tag is one byte. */
export class ProtobufWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;
  readonly #encoder = new TextEncoder();

  constructor(sizeHint = INITIAL_BYTES) {
    this.#bytes = new Uint8Array(Math.max(sizeHint, 64));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** A view of what has been written. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  tag(field: number, wireType: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = (field << 3) | wireType;
  }

  varint(value: number): void {
    this.#reserve(MAX_VARINT_BYTES);
    let rest = value;
    while (rest >= TWO_32) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    let low = rest >>> 0;
    while (low > 127) {
      this.#bytes[this.#length++] = (low & 127) | 128;
      low >>>= 7;
    }
    this.#bytes[this.#length++] = low;
  }

  /** A signed number in zigzag form. */
  sint32(value: number): void {
    this.varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** A whole number from 0 as fixed64. */
  fixed64(value: number): void {
    this.halves(value >>> 0, (value / TWO_32) >>> 0);
  }

  /** A whole number as sfixed64. */
  sfixed64(value: number): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, BigInt(value), true);
    this.#length += 8;
  }

  /** A fixed64 in two halves of 32 bits. */
  halves(low: number, high: number): void {
    this.#reserve(8);
    this.#view.setUint32(this.#length, low, true);
    this.#view.setUint32(this.#length + 4, high, true);
    this.#length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  string(field: number, text: string): void {
    const bytes = this.#encoder.encode(text);
    this.tag(field, 2);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /**
   * A message inside a message, whose length is known once it is written: what was written moves where the length takes
   * other than the bytes kept for it.
   * @param write is called with this writer at once.
   */
  message(field: number, lengthBytes: 1 | 2 | 3 | 4, write: () => void): void {
    this.tag(field, 2);
    const at = this.#length;
    this.#reserve(lengthBytes);
    this.#length += lengthBytes;
    const start = this.#length;
    write();
    const size = this.#length - start;
    const needed = varintSize(size);
    if (needed !== lengthBytes) {
      this.#reserve(needed);
      this.#bytes.copyWithin(at + needed, start, this.#length);
    }
    this.#length = at;
    this.varint(size);
    this.#length += size;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** The bytes of a message's first length-delimited field of this number, and where it ends in the message. */
export function findField(message: Uint8Array, field: number): { readonly content: Uint8Array; readonly end: number } {
  for (let at = 0; at < message.length; ) {
    const tag = message[at] ?? 0;
    at += 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (tag === ((field << 3) | 2)) return { content: message.subarray(at, at + length), end: at + length };
    at += length;
  }
  throw new RangeError(`The message has no field ${field}`);
}
