import { oneLine, quoted } from './text.ts';

/**
 * The options that an options object has, each read once. Refuses what is no object, and a key that is not there to be
 * set: a misspelt option would otherwise be a setting that silently does nothing.
 * @param hints what to do instead of setting an option that other clients have, by its name in lower case.
 * @throws TypeError that names the options there are, and the one that was probably meant.
 */
export function readOptions<Options extends object>(
  where: string,
  options: Options,
  known: readonly (keyof Options & string)[],
  hints: Readonly<Record<string, string>> = {},
): Partial<Options> {
  const read: Partial<Options> = {};
  let keys: readonly string[] | undefined;
  try {
    if (typeof options === 'object' && options !== null && !Array.isArray(options)) keys = Object.keys(options);
    if (keys !== undefined) for (const key of known) read[key] = options[key];
  } catch {
    throw new TypeError(`${where}: the options cannot be read; pass a plain object with ${known.join(', ')}`);
  }
  if (keys === undefined) throw new TypeError(`${where} takes an object with ${known.join(', ')}`);
  const names: readonly string[] = known;
  const unknown = keys.find((key) => !names.includes(key));
  if (unknown === undefined) return read;
  const meant = names.find((name) => plain(name) === plain(unknown));
  const all = meant === undefined ? `the options are ${known.join(', ')}` : `write ${meant}`;
  const hint = Object.hasOwn(hints, plain(unknown)) ? hints[plain(unknown)] : all;
  throw new TypeError(`${where}: unknown option ${quoted(unknown)}; ${hint}`);
}

/** @throws TypeError unless `value` is a string with something in it that can be shown. */
export function requireText(where: string, option: string, value: unknown, hint: string): asserts value is string {
  if (typeof value !== 'string' || oneLine(value, value.length) === '') {
    throw new TypeError(`${where}: ${option} must be a non-empty string; ${hint}`);
  }
}

/** @throws TypeError unless `value` is absent, or has a function of that name. */
export function requireMethod(where: string, option: string, value: unknown, method: string, hint: string): void {
  if (value !== undefined && !hasMethod(value, method)) {
    throw new TypeError(`${where}: ${option} must have a function ${method}; ${hint}`);
  }
}

/** @throws TypeError unless `tags` are absent, an array or another object. */
export function requireTags(where: string, option: string, tags: unknown): void {
  if (tags === undefined || tags === null || typeof tags === 'object') return;
  throw new TypeError(`${where}: ${option} must be ["key:value"] or { key: 'value' }`);
}

export function hasMethod(value: unknown, method: string): value is object {
  try {
    return typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';
  } catch {
    return false;
  }
}

/** `run_id`, `runID` and `runId` are the same word. */
function plain(name: string): string {
  return name.replace(/[^a-z0-9]/gi, '').toLowerCase();
}
