/** Readers of values of unknown shape (JSON from elsewhere); each names the place where it found something else. */

export function asRecord(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch('an object', value, where);
  return { ...value };
}

export function asList(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw mismatch('a list', value, where);
  return value;
}

export function asString(value: unknown, where: string): string {
  if (typeof value !== 'string') throw mismatch('a string', value, where);
  return value;
}

export function asNumber(value: unknown, where: string): number {
  if (typeof value !== 'number') throw mismatch('a number', value, where);
  return value;
}

function mismatch(expected: string, value: unknown, where: string): TypeError {
  return new TypeError(`${where} should be ${expected}, is ${JSON.stringify(value)}`);
}
