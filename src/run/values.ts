import type { MetricKind, MetricName } from '../catalogue/index.ts';
import { warnOnce } from '../otel/diagnostics.ts';

/** Counts the values that were NaN or infinite, by the attribute `metric`. */
export const NON_FINITE: MetricName = 'signal.training.non_finite';

/**
 * Sorts a value from training code: `finite` may enter a metric, `nonFinite` is counted instead, `unusable` (absent, of
 * a wrong type, a negative amount) is left out, with one warning unless it is merely absent.
 */
export function sortValue(name: string, kind: MetricKind, value: unknown): SortedValue {
  if (value === null || value === undefined) return UNUSABLE;
  if (typeof value !== 'number') {
    warnOnce(`type:${name}`, `${name}: expected a number, got ${typeof value}; not recorded`);
    return UNUSABLE;
  }
  if (!Number.isFinite(value)) return { is: 'nonFinite', value };
  if (kind !== 'gauge' && value < 0) {
    warnOnce(`negative:${name}`, `${name}: a ${kind} takes no negative value; not recorded`);
    return UNUSABLE;
  }
  return { is: 'finite', value };
}

export type SortedValue = { readonly is: 'finite' | 'nonFinite'; readonly value: number } | { readonly is: 'unusable' };

const UNUSABLE: SortedValue = { is: 'unusable' };
