import { findMetric, hardwareMetrics, type MetricName } from '../catalogue/index.ts';
import { selfMetrics } from '../catalogue/otel.ts';

/** The dashboard's template variables; each has the name of the tag that it chooses. */
export const TEMPLATE_VARIABLES = ['run_id', 'user_id', 'model', 'env'] as const;

const ofRuns = TEMPLATE_VARIABLES.map((name) => `$${name}`).join(',');

/** What belongs to a process or a machine, and to no run: its series have none of a run's tags. */
const ofProcesses = new Set<MetricName>([...hardwareMetrics, ...selfMetrics].map(({ name }) => name));

export type Percentile = 'p50' | 'p99';

export interface QueryOptions {
  /** The tags that tell the series apart. */
  readonly by?: readonly string[];
  /** How a gauge's series become one; the mean where nothing is said. */
  readonly aggregator?: 'avg' | 'max';
  /** Of a histogram. */
  readonly percentile?: Percentile;
}

/** The query of a metric on a dashboard with the template variables. */
export function dashboardQuery(name: MetricName, options: QueryOptions = {}): string {
  const scope = ofProcesses.has(name) ? '$env' : ofRuns;
  const by = options.by ?? (ofProcesses.has(name) ? ['service'] : ['run_id']);
  const group = `by {${by.join(',')}}`;
  switch (kindOf(name)) {
    case 'counter':
      return `sum:${name}{${scope}} ${group}.as_count()`;
    case 'histogram':
      // Calls that failed carry error.type: a storm of quick refusals would look like a fast run.
      return `${options.percentile ?? 'p50'}:${name}{${scope},!error.type:*} ${group}`;
    case 'gauge':
    case 'upDownCounter':
      return `${options.aggregator ?? 'avg'}:${name}{${scope}} ${group}`;
  }
}

export function kindOf(name: MetricName): 'gauge' | 'counter' | 'histogram' | 'upDownCounter' {
  const metric = findMetric(name);
  if (metric === undefined) throw new TypeError(`There is no metric ${name} in the catalogue`);
  return metric.kind;
}
