/**
 * Refuses an options object that is none, or that has a key which is not there to be set: a misspelt option would
 * otherwise be a setting that silently does nothing.
 * @throws TypeError that names the options there are, and the one that was probably meant.
 */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${where} takes an object with ${known.join(', ')}`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = known.find((name) => plain(name) === plain(key));
    const hint = meant === undefined ? `the options are ${known.join(', ')}` : `write ${meant}`;
    throw new TypeError(`${where}: unknown option ${JSON.stringify(key)}; ${hint}`);
  }
}

/** @throws TypeError unless `value` is a string with something in it. */
export function requireText(where: string, option: string, value: unknown, hint: string): asserts value is string {
  if (typeof value !== 'string' || value.trim() === '') {
    throw new TypeError(`${where}: ${option} must be a non-empty string; ${hint}`);
  }
}

/** `run_id`, `runID` and `runId` are the same word. */
function plain(name: string): string {
  return name.replace(/[^a-z0-9]/gi, '').toLowerCase();
}
