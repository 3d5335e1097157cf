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
  // A power of two is the upper end of its bucket, and its logarithm may be rounded to either side.
  if ((high & 0xfffff) === 0 && words[LOW_WORD] === 0) return (exponentOf(high) << scale) - 1;
  const index = Math.floor(Math.log(value) * (factors[scale] ?? 0));
  return Math.min(index, ((MAX_NORMAL_EXPONENT + 1) << scale) - 1);
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
