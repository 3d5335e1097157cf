import {
  catalogue,
  type MetricName,
  performanceMetrics,
  rlMetrics,
  shownUnit,
  trainingMetrics,
} from '../catalogue/index.ts';
import { groups, overview, type Row } from '../dashboards/layout.ts';
import { VERSION } from '../otel/version.ts';
import type { WireChart, WireLayout } from './protocol.ts';

/** What a collector records of a run; the rest of the catalogue is of the process, or follows from these. */
const shown: ReadonlySet<MetricName> = new Set(
  [...trainingMetrics, ...rlMetrics, ...performanceMetrics].map(({ name }) => name),
);

/** The dashboard's charts of what a run records, in the dashboard's order. */
export function liveLayout(): WireLayout {
  const [first, ...others] = groups.map(({ title, rows }) => ({ title, rows: withCharts(rows) }));
  const rest = others.filter(({ rows }) => rows.length > 0);
  return {
    version: VERSION,
    groups: [
      { title: 'Overview', rows: withCharts(overview) },
      ...(first === undefined ? [] : [first]),
      // One or two charts each: side by side they take less room.
      { title: rest.map(({ title }) => title).join(', '), rows: [rest.flatMap(({ rows }) => rows.flat())] },
    ],
  };
}

function withCharts(rows: readonly Row[]): WireChart[][] {
  return rows.map(chartsOf).filter((row) => row.length > 0);
}

function chartsOf(row: Row): WireChart[] {
  return row.flatMap(({ title, metrics }) => {
    const definition = catalogue.find(({ name }) => name === metrics[0]);
    if (definition === undefined || !shown.has(definition.name)) return [];
    const { name: metric, description } = definition;
    return [{ title, metric, description, unit: shownUnit(definition) }];
  });
}
