/** Renard's R10 series: ten values a decade, each about a quarter above the last, that stay short to read. */
const PER_DECADE = [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8] as const;

const HOUR_MILLIS = 3_600_000;

/**
 * Bucket bounds for durations from 1 ms to 1 h where a backend cannot take exponential histograms (Prometheus).
 * The SDK's own end at 10 000, and every longer operation would read as 10 s.
 */
export const DURATION_BOUNDS_MILLIS: readonly number[] = Object.freeze([
  ...[1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
    .flatMap((decade) => PER_DECADE.map((step) => Math.round(step * decade * 100) / 100))
    .filter((bound) => bound < HOUR_MILLIS),
  HOUR_MILLIS,
]);

/** For values of whatever scale, ratios and token counts alike: three bounds a decade from 0.001 to a million. */
export const GENERAL_BOUNDS: readonly number[] = Object.freeze([
  ...[-3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap((exponent) => [1, 2.5, 5].map((step) => step * 10 ** exponent)),
  1_000_000,
]);

/**
 * Buckets of an exponential histogram. From 1 ms to 1 h are 22 doublings; 640 buckets resolve each into 16 or more,
 * which keeps a quantile's error under 4 % where the default of 160 reaches 9 %.
 */
export const EXPONENTIAL_MAX_BUCKETS = 640;

/**
 * 2^7 buckets a doubling, each 0.5 % wide: finer than the 0.8 % to which Datadog's own sketches resolve. From there on
 * more buckets are only longer exports.
 */
export const EXPONENTIAL_MAX_SCALE = 7;
