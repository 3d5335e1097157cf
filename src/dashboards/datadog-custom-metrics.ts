/** How many custom metrics Datadog counts for each series of a distribution: one for each of five aggregations. */
export const OF_DISTRIBUTION = 5;

/** As many more where its percentiles are on, as `signal-otel datadog apply` has them. */
export const OF_PERCENTILES = 5;
