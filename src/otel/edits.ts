/** Whether so many letters, put in, left out, replaced or swapped with the next, make one of the other. */
export function isWithin(edits: number, given: string, known: string): boolean {
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
