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

/** Whether so many letters, put in, left out, replaced or swapped with the next, make one of the other. */
function isWithin(edits: number, given: string, known: string): boolean {
  if (given === known) return true;
  if (edits === 0) return false;
  let same = 0;
  while (given[same] === known[same]) same++;
  const [a, b] = [given.slice(same), known.slice(same)];
  const isSwapped = a.length > 1 && a[0] === b[1] && a[1] === b[0];
  return (
    isWithin(edits - 1, a.slice(1), b) ||
    isWithin(edits - 1, a, b.slice(1)) ||
    isWithin(edits - 1, a.slice(1), b.slice(1)) ||
    (isSwapped && isWithin(edits - 1, a.slice(2), b.slice(2)))
  );
}
