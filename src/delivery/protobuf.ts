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
    this.bytes(field, this.#encoder.encode(text));
  }

  bytes(field: number, bytes: Uint8Array): void {
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

export interface ProtobufField {
  readonly number: number;
  /** What a length-delimited field holds; empty for others. */
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
  /** Where it ends in the message. */
  readonly end: number;
}

/**
 * The fields of a message, in their order.
 * @throws RangeError where the bytes are no message.
 */
export function* fieldsOf(message: Uint8Array): Generator<ProtobufField, undefined> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError('The message ends in the middle of a field');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const start = at;
    const tag = varint();
    let length = 0;
    switch (tag & 7) {
      case 0:
        varint();
        break;
      case 1:
        length = 8;
        break;
      case 2:
        length = varint();
        break;
      case 5:
        length = 4;
        break;
      default:
        throw new RangeError(`A field has the unknown wire type ${tag & 7}`);
    }
    const end = at + length;
    if (end > message.length) throw new RangeError('A field ends after its message');
    const content = (tag & 7) === 2 ? message.subarray(at, end) : message.subarray(at, at);
    yield { number: tag >>> 3, content, whole: message.subarray(start, end), end };
    at = end;
  }
}

/** A message's first field of this number. */
export function findField(message: Uint8Array, number: number): ProtobufField {
  for (const field of fieldsOf(message)) if (field.number === number) return field;
  throw new RangeError(`The message has no field ${number}`);
}
