/** The finest scale, with which every histogram begins: 2^20 buckets for each doubling. */
export const MAX_SCALE = 20;

const MIN_NORMAL = 2 ** -1022;
const MIN_NORMAL_EXPONENT = -1022;
const MAX_NORMAL_EXPONENT = 1023;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const LOW_WORD = isLittleEndian ? 0 : 1;
const HIGH_WORD = isLittleEndian ? 1 : 0;

/** By scale from 0; computed once, since a power costs as much as the logarithm that it multiplies. */
const factors = Float64Array.from({ length: MAX_SCALE + 1 }, (_, scale) => Math.LOG2E * 2 ** scale);

/**
 * The index of the bucket that a positive value belongs to, computed as the official SDK does, so that a value at the
 * edge of a bucket falls to the same side: by logarithm above scale 0, by the bits of the exponent below.
 */
export function bucketIndex(value: number, scale: number): number {
  return scale > 0 ? indexByLogarithm(value, scale) : indexByExponent(value, -scale);
}

function indexByLogarithm(value: number, scale: number): number {
  if (value <= MIN_NORMAL) return (MIN_NORMAL_EXPONENT << scale) - 1;
  float[0] = value;
  const high = words[HIGH_WORD] ?? 0;
  if (scale <= MAX_TABLE_SCALE) {
    const bucket = bucketByTable(high & 0xfffff, scale);
    if (bucket >= 0) return (exponentOf(high) << scale) + bucket;
  }
  // A power of two is the upper end of its bucket, and its logarithm may be rounded to either side.
  if ((high & 0xfffff) === 0 && words[LOW_WORD] === 0) return (exponentOf(high) << scale) - 1;
  const index = Math.floor(Math.log(value) * (factors[scale] ?? 0));
  return Math.min(index, ((MAX_NORMAL_EXPONENT + 1) << scale) - 1);
}

/** Scales whose tables are small enough to keep: 16 kB for the largest. */
const MAX_TABLE_SCALE = 10;
const tables: (Int32Array | undefined)[] = Array.from({ length: MAX_TABLE_SCALE + 1 });

/**
 * The bucket within a doubling by the high 20 bits of a mantissa, at a third of a logarithm's cost; -1 within a hair's
 * breadth of an edge, where only the logarithm tells to which side the official SDK rounds.
 */
function bucketByTable(mantissa: number, scale: number): number {
  const table = tables[scale] ?? createTable(scale);
  const cellBits = 19 - scale;
  const cell = mantissa >> cellBits;
  const beyond = mantissa - (table[cell * 2 + 1] ?? 0);
  const isNearEdge = (beyond >= -1 && beyond <= 1) || (mantissa & ((1 << cellBits) - 1)) <= 1;
  return isNearEdge ? -1 : (table[cell * 2] ?? 0) + (beyond > 0 ? 1 : 0);
}

/**
 * For each cell of the mantissa: the bucket at its start, and where the next one begins, as the high 20 bits of that
 * mantissa. A cell is narrower than any bucket, so at most one begins in it.
 */
function createTable(scale: number): Int32Array {
  const cells = 2 ** (scale + 1);
  const table = new Int32Array(cells * 2);
  for (let cell = 0; cell < cells; cell++) {
    const bucket = Math.floor(Math.log2(1 + cell / cells) * 2 ** scale + 1e-9);
    table[cell * 2] = bucket;
    table[cell * 2 + 1] = Math.floor((2 ** ((bucket + 1) / 2 ** scale) - 1) * 2 ** 20);
  }
  tables[scale] = table;
  return table;
}

function indexByExponent(value: number, shift: number): number {
  if (value < MIN_NORMAL) return (MIN_NORMAL_EXPONENT >> shift) - (shift < 2 ? 1 : 0);
  float[0] = value;
  const high = words[HIGH_WORD] ?? 0;
  const isPowerOfTwo = (high & 0xfffff) === 0 && words[LOW_WORD] === 0;
  return (exponentOf(high) - (isPowerOfTwo ? 1 : 0)) >> shift;
}

function exponentOf(highWord: number): number {
  return ((highWord & 0x7ff00000) >> 20) - 1023;
}

/** How many times a range has to be halved until it fits into `size` buckets. */
export function scaleChange(low: number, high: number, size: number): number {
  let change = 0;
  while ((high >> change) - (low >> change) >= size) change += 1;
  return change;
}
