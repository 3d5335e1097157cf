import { findMetric, type MetricDefinition, type MetricName } from '../catalogue/index.ts';
import { type Attribute, attributesOf, type ChartOptions, isOfRun, kindOf, type Percentile } from './layout.ts';

/** The dashboard's variables that choose runs; each has the name of the label that it chooses. */
export const RUN_VARIABLES = ['run_id', 'user_id', 'model'] as const;

/** What a translation of OTLP to Prometheus appends; the package's own endpoint appends nothing but `_total`. */
const unitSuffixes: Readonly<Partial<Record<MetricDefinition['unit'], string>>> = {
  '1': '_ratio',
  By: '_bytes',
  Cel: '_celsius',
  W: '_watts',
};

/** The names that Prometheus may have a metric under. Of the package's own metrics there is one. */
export function prometheusNames(name: MetricDefinition['name']): readonly [string, ...string[]] {
  const base = name.replaceAll('.', '_') + (kindOf(name) === 'counter' ? '_total' : '');
  const suffix = unitSuffixes[findMetric(name)?.unit ?? '{}'];
  return suffix === undefined ? [base] : [base, base + suffix];
}

/** Of a metric that has one name. */
export function prometheusName(name: MetricDefinition['name']): string {
  return prometheusNames(name)[0];
}

/** Where Prometheus's name of an attribute is not the attribute's own: it keeps what sends in these two labels. */
const labels: Readonly<Partial<Record<Attribute, string>>> = { service: 'job', host: 'instance' };

export function labelOf(attribute: Attribute): string {
  return labels[attribute] ?? attribute.replaceAll('.', '_');
}

const quantiles: Readonly<Record<Percentile, number>> = { p50: 0.5, p99: 0.99 };

/** What Grafana puts in for it holds four scrapes at least, so that a rate has something to go by. */
const RATE = '$__rate_interval';

/** From one point of a chart to the next: each count stands in one bar. */
const BAR = '$__interval';

/** The query of a metric on a dashboard with the variables. */
export function dashboardExpression(
  name: MetricName,
  options: ChartOptions = {},
  percentile: Percentile = 'p50',
): string {
  const by = attributesOf(name, options).map(labelOf);
  const group = (...more: string[]) => `by (${[...by, ...more].join(', ')})`;
  switch (kindOf(name)) {
    case 'counter':
      return `sum ${group()} (${isRare(name) ? growth(selector(name), BAR) : `increase(${selector(name)}[${BAR}])`})`;
    case 'histogram': {
      const quantile = (summed: string) => `histogram_quantile(${quantiles[percentile]}, ${summed})`;
      // Calls that failed carry error_type: a storm of quick refusals would look like a fast run.
      const rate = (suffix: string) => `(rate(${selector(name, { suffix, more: ['error_type=""'] })}[${RATE}]))`;
      // Of an exponential histogram that came by OTLP, Prometheus has no buckets of their own but the histogram itself.
      return `${quantile(`sum ${group('le')} ${rate('_bucket')}`)} or ${quantile(`sum ${group()} ${rate('')}`)}`;
    }
    case 'gauge':
    case 'upDownCounter':
      return `${options.aggregator ?? 'avg'} ${group()} (${selector(name)})`;
  }
}

/**
 * What a counter has grown by. One that counts what hardly ever happens is first seen when it has happened, at 1 or
 * more, and `increase` begins with the second sample: of a series that was not there in the window before, all counts.
 */
export function growth(series: string, window: string): string {
  return `(last_over_time(${series}[${window}]) unless last_over_time(${series}[${window}] offset ${window})) or increase(${series}[${window}])`;
}

/** Of a run that goes well, and is delivered well, these have no series at all. */
function isRare(name: MetricName): boolean {
  return name !== 'signal.training.step' && name !== 'signal.otel.points_exported';
}

function selector(name: MetricName, { suffix = '', more = [] }: { suffix?: string; more?: readonly string[] } = {}) {
  const chosen = isOfRun(name) ? RUN_VARIABLES.map((variable) => `${variable}=~"$${variable}"`) : [];
  const matchers = [...chosen, ...more];
  const [only, ...others] = prometheusNames(name);
  if (others.length > 0) return `{${[`__name__=~"${[only, ...others].join('|')}"`, ...matchers].join(', ')}}`;
  return `${only}${suffix}${matchers.length > 0 ? `{${matchers.join(', ')}}` : ''}`;
}
