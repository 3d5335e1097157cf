import type { MetricKind, MetricName } from '../catalogue/index.ts';
import { warnOnce } from '../otel/diagnostics.ts';

/** Counts the values that entered no metric because they were NaN or infinite, by the attribute `metric`. */
export const NON_FINITE: MetricName = 'signal.training.non_finite';

/**
 * Whether training code gave a number to record or, where it is NaN or infinite, to count. Absent values are none; a
 * wrong type and a negative amount are none either, with one warning.
 */
export function isRecordable(name: string, kind: MetricKind, value: unknown): value is number {
  if (value === null || value === undefined) return false;
  if (typeof value !== 'number') {
    warnOnce(`type:${name}`, `${name}: expected a number, got ${typeof value}; not recorded`);
    return false;
  }
  if (kind !== 'gauge' && value < 0 && Number.isFinite(value)) {
    warnOnce(`negative:${name}`, `${name}: a ${kind} takes no negative value; not recorded`);
    return false;
  }
  return true;
}
