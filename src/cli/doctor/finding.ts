export const VERDICTS = ['failed', 'warning', 'ok', 'skipped'] as const;

export type Verdict = (typeof VERDICTS)[number];

/** What one check found. */
export interface Finding {
  readonly verdict: Verdict;
  /** In one line. */
  readonly found: string;
  /** What to do about it: a command to run, or a variable to set. */
  readonly next?: string;
  /** The numbers behind it: rows with the same columns. */
  readonly table?: Table;
}

export type Table = readonly Readonly<Record<string, string | number>>[];

/** A group of checks, and what they found. */
export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

export function ok(found: string): Finding {
  return { verdict: 'ok', found };
}

/** Why there was nothing to check. */
export function skipped(found: string): Finding {
  return { verdict: 'skipped', found };
}

export function warning(found: string, next: string): Finding {
  return { verdict: 'warning', found, next };
}

export function failed(found: string, next: string): Finding {
  return { verdict: 'failed', found, next };
}
