import { isWithin } from '../otel/edits.ts';

/** The package's own variables. Signal's API has variables of this prefix too, which are none of its business. */
const PREFIX = 'SIGNAL_';

/** A name that users may have meant by one that is not known, where there is such a name. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (!/^SIGNAL_\w{1,60}$/.test(name) || known.includes(name)) return undefined;
  const given = name.slice(PREFIX.length);
  return known.find((other) => other.startsWith(PREFIX) && isNear(given, other.slice(PREFIX.length)));
}

/** One is the other with more at its end, or few keystrokes lie between them: MAX_RETRIES is no MAX_SERIES. */
function isNear(given: string, known: string): boolean {
  if (given.startsWith(known) || (known.startsWith(given) && given.includes('_'))) return true;
  return isWithin(Math.max(1, Math.floor(known.length / 8)), given, known);
}
