import type { MetricKind } from '../catalogue/index.ts';

/**
 * What is added up, a counter's and a histogram's values, has to stay below: the sum of a few larger ones would be
 * infinite, and for a cumulative reader for ever. Sums of smaller ones never get there.
 */
const MAX_ADDEND = 1e280;

/** Whether a value can enter a metric. What is too large to be added up is as good as infinite. */
export function isFiniteFor(kind: MetricKind, value: number): boolean {
  return Number.isFinite(value) && (kind === 'gauge' || Math.abs(value) <= MAX_ADDEND);
}
