import { catalogue, NAMESPACE } from '../../catalogue/index.ts';
import { OF_DISTRIBUTION, OF_PERCENTILES } from '../../dashboards/datadog-custom-metrics.ts';
import { prometheusNames } from '../../dashboards/prometheus-query.ts';
import { counted } from '../../otel/text.ts';
import { RUN_ATTRIBUTES, type RunAttribute } from '../../run/omitted.ts';
import type { Config } from '../../runtime/config.ts';
import { type MetricSeries, seriesOn } from './exposition.ts';
import { type Finding, ok, skipped, type Table, warning } from './finding.ts';
import type { Page } from './prometheus.ts';

/** With fewer runs nobody has to choose. */
const MANY_VALUES = 20;
/** The share of `SIGNAL_MAX_SERIES` from which on a user should do something. */
const NEARLY_FULL = 0.8;

const LIVE_SERIES = 'signal_otel_series';

/** Those that grow with the runs. A model has many. */
const ofRuns: readonly RunAttribute[] = RUN_ATTRIBUTES.filter((attribute) => attribute !== 'model');

/** How many series a running application has, of which metrics, by which attributes, and what Datadog makes of them. */
export function examineSeries(page: Page | undefined, { maxSeries }: Config): Finding[] {
  if (page === undefined) {
    const next = 'OTEL_METRICS_EXPORTER=otlp,prometheus opens one beside, and signal.otel.series counts them';
    return [skipped(`they are counted at the Prometheus endpoint of a running application: ${next}`)];
  }
  const { url, answer } = page;
  if (answer.kind === 'silence' || answer.status !== 200) return [skipped(`${url} shows none`)];
  const metrics = seriesOn(answer.body, new Set(ofRuns));
  if (!metrics.some(({ name }) => name.startsWith(`${NAMESPACE}_`))) return [skipped(`${url} shows none`)];
  const live = Number(new RegExp(`^${LIVE_SERIES}\\{.*\\} (\\d+)$`, 'm').exec(answer.body)?.[1] ?? Number.NaN);
  const part = answer.isWhole ? '' : ' on the first part of a page that is too long';
  const total = `${sum(metrics, ({ series }) => series)} series of ${counted(metrics.length, 'metric')} at ${url}${part}`;
  return [{ ...judgeLimit(total, live, maxSeries), table: tableOf(metrics) }, judgeCost(metrics)];
}

function judgeLimit(total: string, live: number, maxSeries: number): Finding {
  if (!Number.isFinite(live)) return ok(total);
  const found = `${total}; ${live} live ones count towards SIGNAL_MAX_SERIES (${maxSeries})`;
  if (live < NEARLY_FULL * maxSeries) return ok(found);
  return warning(found, 'end runs that are over by collector.end(), have fewer tags, or raise SIGNAL_MAX_SERIES');
}

function judgeCost(metrics: readonly MetricSeries[]): Finding {
  const all = sum(metrics, (metric) => customMetrics(metric));
  const withPercentiles = all + OF_PERCENTILES * sum(metrics, ({ isHistogram, series }) => (isHistogram ? series : 0));
  const found =
    `about ${counted(all, 'custom metric')} at Datadog for this process: 1 for each series, ${OF_DISTRIBUTION} for one of a ` +
    `histogram; ${withPercentiles} with percentiles`;
  const many = ofRuns
    .map((attribute) => ({ attribute, values: Math.max(...metrics.map(({ values }) => values.get(attribute) ?? 0)) }))
    .filter(({ values }) => values > 1);
  if (many.length === 0) return ok(found);
  const saved = sum(metrics, savedOf);
  const drivers = many.map(({ attribute, values }) => `${attribute} (${values} values)`).join(' and ');
  const driven = `${found}. ${saved} of them by ${drivers}`;
  if (many.every(({ values }) => values < MANY_VALUES) || saved < all / 2) return ok(driven);
  const family = costliestFamily(metrics);
  const omitted = many.map(({ attribute }) => `${attribute}:${family}*`).join(',');
  const next =
    `where runs need not be told apart, SIGNAL_OMIT_ATTRIBUTES=${omitted} (omitAttributes of a collector); ` +
    'or SIGNAL_RUN_SAMPLE_RATIO=0.1 (runSampleRatio), and a tenth of the runs send metrics';
  return warning(driven, next);
}

/** By what they cost, the most first. */
function tableOf(metrics: readonly MetricSeries[]): Table {
  return metrics
    .map((metric) => {
      const [attribute, values] = [...metric.values].reduce((most, one) => (one[1] > most[1] ? one : most), ['-', 0]);
      return {
        metric: nameOf(metric),
        series: metric.series,
        attribute,
        values,
        custom_metrics: customMetrics(metric),
      };
    })
    .sort((a, b) => b.custom_metrics - a.custom_metrics || a.metric.localeCompare(b.metric));
}

function customMetrics({ isHistogram, series }: Pick<MetricSeries, 'isHistogram' | 'series'>): number {
  return isHistogram ? OF_DISTRIBUTION * series : series;
}

/** How many would be gone without the attributes that grow with the runs. */
function savedOf({ isHistogram, series, seriesWithout }: MetricSeries): number {
  return customMetrics({ isHistogram, series: series - seriesWithout });
}

/** Of the metrics whose names begin alike: `signal.performance.` */
function costliestFamily(metrics: readonly MetricSeries[]): string {
  const families = Map.groupBy(metrics, ({ name }) => /^signal_([a-z]+)_/.exec(name)?.[1] ?? '');
  families.delete('');
  const byCost = [...families].map(([family, all]) => ({ family: `signal.${family}.`, saved: sum(all, savedOf) }));
  return byCost.reduce((most, one) => (one.saved > most.saved ? one : most), { family: 'signal.', saved: 0 }).family;
}

const names: ReadonlyMap<string, string> = new Map(
  catalogue.flatMap(({ name }) => prometheusNames(name).map((shown) => [shown, name])),
);

/** As the catalogue has it; one of the application's own as Prometheus has it. */
function nameOf({ name }: MetricSeries): string {
  return names.get(name) ?? name;
}

function sum(metrics: readonly MetricSeries[], count: (metric: MetricSeries) => number): number {
  return metrics.reduce((total, metric) => total + count(metric), 0);
}
