import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as text from '@grafana/grafana-foundation-sdk/text';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import * as grafanaUnits from '@grafana/grafana-foundation-sdk/units';
import {
  findMetric,
  type HealthRule,
  healthRules,
  type MetricDefinition,
  type MetricName,
  shortName,
} from '../src/catalogue/index.ts';
import { attributesOf, type Chart, groups, kindOf, overview, PERCENTILES, type Row } from '../src/dashboards/layout.ts';
import { dashboardExpression, labelOf, RUN_VARIABLES } from '../src/dashboards/prometheus-query.ts';

/** Here and not in `src/`: what runs in production has no Grafana SDK. */

const UID = 'signal-otel-training';

const COLUMNS = 24;
const CHART_HEIGHT = 8;
const TITLE_HEIGHT = 1;
const NOTE_HEIGHT = 4;

const NOTE = `**What to do.** Dashed lines are where the health rules begin to warn, red marks the alerts of \`prometheus-rules.yml\`; each says what to do. A chart without data: choose a longer time, or *All* in the variables. p50 and p99 leave out calls that failed.

**To have a dashboard of your own,** save a copy: \`signal-otel dashboards\` writes this one anew.`;

const source: common.DataSourceRef = { type: 'prometheus', uid: '$datasource' };

/** What has any of the labels of runs. */
const ofRuns = '{__name__=~"signal_(training|rl|performance|health)_.+"';

/** The dashboard of training runs, out of the catalogue and the health rules. */
export function grafanaDashboard(): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder('Signal training runs')
    .uid(UID)
    .description('Loss, RL health, latency, GPUs and queue of Signal training runs, by signal-otel.')
    .tags(['signal-otel'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('10s')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .annotation(alerts());
  for (const name of RUN_VARIABLES) builder.withVariable(runVariable(name));
  let y = 0;
  const place = (rows: readonly Row[]) => {
    for (const row of rows) {
      for (const [index, chart] of row.entries()) builder.withPanel(panel(chart, index, row.length, y));
      y += CHART_HEIGHT;
    }
  };
  place(overview);
  builder.withPanel(
    new text.PanelBuilder()
      .mode(text.TextMode.Markdown)
      .content(NOTE)
      .transparent(true)
      .gridPos({ x: 0, y, w: COLUMNS, h: NOTE_HEIGHT }),
  );
  y += NOTE_HEIGHT;
  for (const { title, rows } of groups) {
    builder.withRow(new dashboard.RowBuilder(title).gridPos({ x: 0, y, w: COLUMNS, h: TITLE_HEIGHT }));
    y += TITLE_HEIGHT;
    place(rows);
  }
  return numbered(builder.build());
}

/** By its id a panel is linked to and shown alone. The builders give none. */
function numbered(built: dashboard.Dashboard): dashboard.Dashboard {
  return { ...built, panels: (built.panels ?? []).map((each, index) => ({ ...each, id: index + 1 })) };
}

function panel({ title, metrics, options }: Chart, index: number, ofRow: number, y: number): timeseries.PanelBuilder {
  const width = COLUMNS / ofRow;
  const isCount = metrics.every((name) => kindOf(name) === 'counter');
  const builder = new timeseries.PanelBuilder()
    .title(title)
    .description(metrics.map((name) => `${findMetric(name)?.description} (\`${name}\`)`).join('\n\n'))
    .datasource(source)
    .gridPos({ x: index * width, y, w: width, h: CHART_HEIGHT })
    .unit(unitOf(metrics))
    .drawStyle(isCount ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
    .fillOpacity(isCount ? 60 : 0)
    // A line where its neighbour is further away than a few scrapes would be invented.
    .spanNulls(60_000)
    .showPoints(common.VisibilityMode.Auto)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi));
  for (const [at, { expression, legend }] of metrics
    .flatMap((name) => linesOf(name, options, metrics.length === 1))
    .entries()) {
    builder.withTarget(
      new prometheus.DataqueryBuilder()
        .datasource(source)
        .expr(expression)
        .legendFormat(legend)
        .range()
        .refId(String.fromCharCode('A'.charCodeAt(0) + at)),
    );
  }
  if (isCount) builder.interval('1m');
  const steps = thresholdsOf(metrics);
  if (steps.length > 1) {
    builder
      .thresholds(new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(steps))
      .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
  }
  return builder;
}

function linesOf(name: MetricName, options: Chart['options'], isAlone: boolean) {
  const labels = attributesOf(name, options)
    .map((attribute) => `{{${labelOf(attribute)}}}`)
    .join(' ');
  if (kindOf(name) === 'histogram') {
    return PERCENTILES.map((percentile) => ({
      expression: dashboardExpression(name, options, percentile),
      legend: `${percentile} ${labels}`,
    }));
  }
  return [
    { expression: dashboardExpression(name, options), legend: isAlone ? labels : `${shortName(name)} ${labels}` },
  ];
}

const colors = { critical: 'red', warning: 'orange' } as const;

/** A line where each level begins, of the rules that judge the values that the chart shows. */
function thresholdsOf(metrics: readonly MetricName[]): dashboard.Threshold[] {
  const rules: readonly HealthRule[] = healthRules;
  const lines = rules
    .filter(({ metric, measure }) => measure === 'value' && metrics.some((name) => name === metric))
    .flatMap(({ warning, critical }) => [
      ...(warning === undefined ? [] : [{ value: warning.value, color: colors.warning }]),
      ...(critical === undefined ? [] : [{ value: critical.value, color: colors.critical }]),
    ])
    .toSorted((a, b) => a.value - b.value);
  // Grafana wants a first step without a value: what lies below the lowest line.
  return lines.length > 0 ? [{ value: null, color: 'transparent' }, ...lines] : [];
}

/** The alerts of the generated rules, which have the label run_id and no other of a run's. */
function alerts(): dashboard.AnnotationQueryBuilder {
  return new dashboard.AnnotationQueryBuilder()
    .name('Alerts')
    .datasource(source)
    .enable(true)
    .iconColor('red')
    .expr('ALERTS{alertname=~"Signal.+", alertstate="firing", run_id=~"$run_id"}')
    .step('30s')
    .titleFormat('{{alertname}} ({{severity}})')
    .textFormat('{{run_id}}')
    .tagKeys('severity,check');
}

/** Users and models choose among the runs. */
function runVariable(name: (typeof RUN_VARIABLES)[number]): dashboard.QueryVariableBuilder {
  const chosen = name === 'run_id' ? ', user_id=~"$user_id", model=~"$model"' : '';
  const query = `label_values(${ofRuns}${chosen}}, ${name})`;
  return (
    new dashboard.QueryVariableBuilder(name)
      .label(name)
      .datasource(source)
      .query({ qryType: 1, query, refId: 'PrometheusVariableQueryEditor-VariableQuery' })
      .definition(query)
      .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
      .sort(dashboard.VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      // Series without the label belong to all, too.
      .allValue('.*')
      .current({ text: ['All'], value: ['$__all'], selected: true })
  );
}

/** Grafana's names of the catalogue's units. */
const units: Readonly<Partial<Record<MetricDefinition['unit'], string>>> = {
  '{ms}': grafanaUnits.Milliseconds,
  '{s}': grafanaUnits.Seconds,
  '{percent}': grafanaUnits.Percent,
  '1': grafanaUnits.PercentUnit,
  '{GiB}': grafanaUnits.Gibibytes,
  '{byte}': grafanaUnits.BytesIEC,
  By: grafanaUnits.BytesIEC,
  Cel: grafanaUnits.Celsius,
  W: grafanaUnits.Watt,
};

function unitOf([name]: readonly MetricName[]): string {
  const metric = name === undefined ? undefined : findMetric(name);
  return (metric && units[metric.unit]) ?? grafanaUnits.Short;
}
