import { redact } from './redact.ts';

/** A code, an HTTP status or the name of a class; anything else is a text that somebody wrote into such a property. */
const TYPE = /^(?:\d{3}|[A-Za-z_$][\w$.:-]{0,63})$/;

/** What OpenTelemetry's conventions call a type that is none of those it is told by. */
const OTHER = '_OTHER';

/** Each is a series of its own: names that are made from data would be endless. */
const MAX_TYPES = 100;
const types = new Set<string>();

/** A low-cardinality name of what went wrong: the error's code where it has one, else its class. Never throws. */
export function errorType(error: unknown): string {
  const type = typeOf(error);
  if (!types.has(type)) {
    if (types.size >= MAX_TYPES) return OTHER;
    types.add(type);
  }
  return type;
}

/** What `error` says of itself, where it is an object with such a text. Never throws, whatever it was that was thrown. */
export function textOf(error: unknown, property: 'code' | 'name' | 'message' | 'stack'): string {
  if (typeof error !== 'object' || error === null) return '';
  try {
    const text: unknown = Reflect.get(error, property);
    return typeof text === 'string' && (property === 'code' || error instanceof Error) ? text : '';
  } catch {
    return '';
  }
}

function typeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const named = [textOf(error, 'code'), textOf(error, 'name')].find((text) => isType(text));
  return named ?? 'object';
}

function isType(text: string): boolean {
  return TYPE.test(text) && redact(text, text.length) === text;
}
