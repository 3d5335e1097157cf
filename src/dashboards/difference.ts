import type { Json, JsonObject } from './datadog-json.ts';

/** One thing that is not as it should be. Nothing there: `before` is undefined; to be removed: `after` is. */
export interface Difference {
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/**
 * What of `wanted` is not there. What is there beside it is nobody's business here: identifiers, authors and defaults of
 * a server's, and what users have set that the package does not. Lists have to be the same but for those of tags, whose
 * order says nothing and to which users add their own.
 */
export function differences(before: Json | undefined, wanted: Json, path = ''): Difference[] {
  if (isList(wanted)) {
    if (!isList(before)) return [{ path, before, after: wanted }];
    if (isOfTags(path)) return wanted.every((tag) => before.includes(tag)) ? [] : [{ path, before, after: wanted }];
    return differencesOfLists(before, wanted, path);
  }
  if (isObject(wanted)) {
    if (!isObject(before)) return [{ path, before, after: wanted }];
    return Object.entries(wanted).flatMap(([key, value]) =>
      value === undefined ? [] : differences(before[key], value, path === '' ? key : `${path}.${key}`),
    );
  }
  return before === wanted ? [] : [{ path, before, after: wanted }];
}

function differencesOfLists(before: readonly Json[], wanted: readonly Json[], path: string): Difference[] {
  const place = (index: number, item: Json | undefined) => `${path}[${index}${nameOf(item)}]`;
  return [
    ...wanted.flatMap((item, index) => differences(before[index], item, place(index, item))),
    ...before.slice(wanted.length).map((item, index) => {
      return { path: place(wanted.length + index, item), before: item, after: undefined };
    }),
  ];
}

function isOfTags(path: string): boolean {
  return path === 'tags' || path.endsWith('.tags');
}

/** What a reader knows a widget by: ` "Learning rate"`. */
function nameOf(item: Json | undefined): string {
  if (!isObject(item)) return '';
  const { definition = item } = item;
  const title = isObject(definition) ? (definition.title ?? definition.name) : undefined;
  return typeof title === 'string' ? ` ${JSON.stringify(title)}` : '';
}

/** Lines for a reader: the place, what is there and what it becomes. */
export function describeDifference({ path, before, after }: Difference): string[] {
  if (before === undefined) return [`+ ${path}: ${shown(after, before)}`];
  if (after === undefined) return [`- ${path}: ${shown(before, after)}`];
  return [`~ ${path}`, `    is       ${shown(before, after)}`, `    becomes  ${shown(after, before)}`];
}

const MAX_SHOWN = 160;
/** How much is shown of what goes before the first difference of two long texts. */
const LEAD = 40;

function shown(value: Json | undefined, other: Json | undefined): string {
  const text = JSON.stringify(value) ?? '';
  if (text.length <= MAX_SHOWN) return text;
  const start = Math.max(0, firstDifference(text, JSON.stringify(other) ?? '') - LEAD);
  const end = start + MAX_SHOWN;
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`;
}

function firstDifference(text: string, other: string): number {
  let index = 0;
  while (index < other.length && text[index] === other[index]) index += 1;
  return other === '' ? 0 : index;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}
