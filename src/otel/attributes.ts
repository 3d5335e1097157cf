import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { warnOnce } from './diagnostics.ts';
import { cut, oneLine } from './text.ts';

/** Tags as the Datadog clients take them (`"key:value"` strings) or as an object. */
export type Tags = readonly string[] | Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Datadog cuts a tag at 200 characters. */
const MAX_VALUE_LENGTH = 200;
const MAX_KEY_LENGTH = 100;
/** Each further tag multiplies what a metric costs; this many are a mistake, such as a whole configuration as tags. */
const MAX_TAGS = 50;
/** A key may come again and again. */
const MAX_READ = 20 * MAX_TAGS;

/**
 * Tags as OpenTelemetry attributes: `"team:ml"` -> `{ team: 'ml' }`, a tag without a value -> `true`. Always a frozen
 * copy, so that what the caller changes later does not relabel points recorded before.
 * Never throws: tags of an unusable type are left out with one warning.
 */
export function toAttributes(...sources: readonly (Tags | Attributes | undefined)[]): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  let count = 0;
  for (const [rawKey, rawValue] of sources.flatMap(entries)) {
    const key = cleanKey(rawKey);
    const value = attributeValue(rawValue);
    if (key === '' || key === '__proto__' || value === undefined) continue;
    if (!Object.hasOwn(attributes, key) && ++count > MAX_TAGS) {
      warnOfNumber();
      break;
    }
    attributes[key] = value;
  }
  return Object.freeze(attributes);
}

function warnOfNumber(): void {
  warnOnce('tags', `more than ${MAX_TAGS} tags on one metric; the rest are left out`);
}

function entries(tags: unknown): [string, unknown][] {
  if (tags === undefined || tags === null) return [];
  try {
    if (Array.isArray(tags)) return readable(tags).flatMap((tag: unknown) => parseTag(tag));
    if (typeof tags === 'object') return Object.entries(tags);
  } catch {
    warnOnce('tags-broken', 'tags that cannot be read are left out');
    return [];
  }
  warnOnce('tags-type', `tags must be "key:value" strings in an array, or an object; got ${typeof tags}, left out`);
  return [];
}

/** A list has no more to say than this, however long it is. */
function readable(tags: readonly unknown[]): readonly unknown[] {
  if (tags.length <= MAX_READ) return tags;
  warnOfNumber();
  return tags.slice(0, MAX_READ);
}

function parseTag(tag: unknown): [string, unknown][] {
  if (typeof tag !== 'string') {
    warnOnce('tag-type', `a tag must be a "key:value" string; got ${typeof tag}, left out`);
    return [];
  }
  const colon = tag.indexOf(':');
  return colon < 0 ? [[tag, true]] : [[tag.slice(0, colon), tag.slice(colon + 1)]];
}

function cleanKey(key: string): string {
  return cut(key.trim(), MAX_KEY_LENGTH).replace(/[^A-Za-z0-9_./-]/g, '_');
}

function attributeValue(value: unknown): AttributeValue | undefined {
  switch (typeof value) {
    case 'string':
      // A line break in a label would end a line of Prometheus's text or of a log.
      return oneLine(value, MAX_VALUE_LENGTH);
    case 'number':
    case 'bigint':
      return cut(String(value), MAX_VALUE_LENGTH);
    case 'boolean':
      return value;
    default:
      if (value !== undefined && value !== null) {
        warnOnce('tag-value', `the value of a tag must be text, a number or a boolean; got ${typeof value}, left out`);
      }
      return undefined;
  }
}
