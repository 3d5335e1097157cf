import type { MetricName } from '../catalogue/index.ts';
import { attributesOf, type ChartOptions, isOfRun, kindOf, type Percentile } from './layout.ts';

/** The dashboard's template variables; each has the name of the tag that it chooses. */
export const TEMPLATE_VARIABLES = ['run_id', 'user_id', 'model', 'env'] as const;

const ofRuns = TEMPLATE_VARIABLES.map((name) => `$${name}`).join(',');

/** The query of a metric on a dashboard with the template variables. */
export function dashboardQuery(name: MetricName, options: ChartOptions = {}, percentile: Percentile = 'p50'): string {
  const scope = isOfRun(name) ? ofRuns : '$env';
  const group = `by {${attributesOf(name, options).join(',')}}`;
  switch (kindOf(name)) {
    case 'counter':
      return `sum:${name}{${scope}} ${group}.as_count()`;
    case 'histogram':
      // Calls that failed carry error.type: a storm of quick refusals would look like a fast run.
      return `${percentile}:${name}{${scope},!error.type:*} ${group}`;
    case 'gauge':
    case 'upDownCounter':
      return `${options.aggregator ?? 'avg'}:${name}{${scope}} ${group}`;
  }
}
