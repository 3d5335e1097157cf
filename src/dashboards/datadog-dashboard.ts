import type { v1 } from '@datadog/datadog-api-client';
import { type HealthLevel, type HealthRule, healthRules, type MetricName, shortName } from '../catalogue/index.ts';
import { dashboardQuery, TEMPLATE_VARIABLES } from './datadog-query.ts';
import { type Chart, type Group, groups, kindOf, overview, PERCENTILES, type Row } from './layout.ts';

/** At the end of the description: by this the dashboard is found again, whatever its title and its id. */
export const DASHBOARD_MARKER = '[signal-otel:training]';

const COLUMNS = 12;
const CHART_HEIGHT = 3;
/** What a group's own title takes. */
const TITLE_HEIGHT = 1;
const NOTE_HEIGHT = 3;

const NOTE = `**Where this comes from.** \`signal-otel datadog apply\` makes this dashboard and writes over what is changed in its charts. To have one of your own, clone it and take the marker out of the copy's description.

**What to do.** Dashed lines are where the monitors tagged \`managed_by:signal-otel\` begin to warn; each says what to do. A chart without data: choose a longer time, \`*\` in the variables, or look at *Delivery of this telemetry*. p50 and p99 come once \`apply\` has switched percentiles on, which it can after the first run; they leave out calls that failed.`;

/** The dashboard of training runs, out of the catalogue and the health rules. */
export function trainingDashboard(): v1.Dashboard {
  const top = overview.flatMap((row, index) => placeRow(row, index * CHART_HEIGHT));
  const noteTop = overview.length * CHART_HEIGHT;
  const note: v1.Widget = {
    definition: { type: 'note', content: NOTE, backgroundColor: 'transparent', showTick: false },
    layout: { x: 0, y: noteTop, width: COLUMNS, height: NOTE_HEIGHT },
  };
  return {
    title: 'Signal training runs',
    description: `Loss, RL health, latency, GPUs and queue of Signal training runs, by signal-otel. ${DASHBOARD_MARKER}`,
    layoutType: 'ordered',
    reflowType: 'fixed',
    templateVariables: TEMPLATE_VARIABLES.map((name) => ({ name, prefix: name, defaults: ['*'] })),
    widgets: [...top, note, ...placeGroups(noteTop + NOTE_HEIGHT)],
  };
}

function placeGroups(top: number): v1.Widget[] {
  let y = top;
  return groups.map((group) => {
    const height = TITLE_HEIGHT + group.rows.length * CHART_HEIGHT;
    const widget: v1.Widget = { definition: groupWidget(group), layout: { x: 0, y, width: COLUMNS, height } };
    y += height;
    return widget;
  });
}

function groupWidget({ title, rows }: Group): v1.GroupWidgetDefinition {
  const widgets = rows.flatMap((row, index) => placeRow(row, index * CHART_HEIGHT));
  return { type: 'group', layoutType: 'ordered', title, showTitle: true, widgets };
}

function placeRow(row: Row, y: number): v1.Widget[] {
  const width = COLUMNS / row.length;
  return row.map((chart, index) => ({
    definition: timeseries(chart),
    layout: { x: index * width, y, width, height: CHART_HEIGHT },
  }));
}

function timeseries({ title, metrics, options }: Chart): v1.TimeseriesWidgetDefinition {
  const lines = metrics.flatMap((name) => linesOf(name, options));
  const markers = metrics.flatMap(markersOf);
  return {
    type: 'timeseries',
    title,
    showLegend: true,
    legendLayout: 'auto',
    requests: [
      {
        responseFormat: 'timeseries',
        displayType: metrics.every((name) => kindOf(name) === 'counter') ? 'bars' : 'line',
        queries: lines.map(({ query }, index) => ({ dataSource: 'metrics', name: `query${index}`, query })),
        formulas: lines.map(({ alias }, index) => ({ formula: `query${index}`, alias })),
      },
    ],
    events: [{ q: 'tags:source:signal-otel tags:$run_id', tagsExecution: 'and' }],
    ...(markers.length > 0 && { markers }),
  };
}

function linesOf(name: MetricName, options: Chart['options']): { query: string; alias: string }[] {
  if (kindOf(name) !== 'histogram') return [{ query: dashboardQuery(name, options), alias: shortName(name) }];
  return PERCENTILES.map((percentile) => ({
    query: dashboardQuery(name, options, percentile),
    alias: percentile,
  }));
}

/** How Datadog draws the beginning of each level. */
const lineOf: Readonly<Record<HealthLevel, string>> = { critical: 'error dashed', warning: 'warning dashed' };

/** The thresholds of the rules that judge the values that the chart shows. */
function markersOf(name: MetricName): v1.WidgetMarker[] {
  const rules: readonly HealthRule[] = healthRules;
  return rules
    .filter(({ metric, measure }) => metric === name && measure === 'value')
    .flatMap(({ warning, critical }) => [
      ...(critical === undefined ? [] : [{ level: 'critical', ...critical } as const]),
      ...(warning === undefined ? [] : [{ level: 'warning', ...warning } as const]),
    ])
    .map(({ level, when, value }) => ({
      value: `y = ${value}`,
      displayType: lineOf[level],
      label: `${level} ${when} ${value}`,
    }));
}
