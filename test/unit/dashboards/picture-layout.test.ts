import { expect, it } from 'vitest';
import type { ChartDefinition, Dashboard, Widget } from '../../../scripts/picture/dashboard.ts';
import { sectionsOf } from '../../../scripts/picture/layout.ts';

function widget(metric: string, x: number, y: number): Widget<ChartDefinition> {
  const queries = [{ name: 'query0', query: `avg:${metric}{$run_id} by {run_id}` }];
  const requests = [{ display_type: 'line', queries, formulas: [{ formula: 'query0', alias: 'v' }] }] as const;
  return {
    definition: { type: 'timeseries', title: metric, requests },
    layout: { x, y, width: 4, height: 3 },
  };
}

function group(title: string, ...widgets: Widget[]): Widget {
  return { definition: { type: 'group', title, widgets }, layout: { x: 0, y: 9, width: 12, height: 4 } };
}

const points = [{ timestampSeconds: 10, value: 1 }];
const recording = {
  series: ['a', 'c', 'd'].map((metric) => {
    return { metric, type: 'gauge', host: '', tags: ['run_id:x'], unit: '', intervalSeconds: 0, points } as const;
  }),
  sketches: [],
  events: [],
};

it('a chart without data leaves its place in the picture to its row, a row or group without any is gone', () => {
  const dashboard: Dashboard = {
    title: 'Runs',
    template_variables: [],
    widgets: [
      widget('c', 8, 0),
      widget('a', 0, 0),
      widget('missing', 4, 0),
      widget('missing', 0, 3),
      group('Empty', widget('missing', 0, 0)),
      group('Whole', widget('d', 0, 0)),
      group('Not asked for', widget('d', 0, 0)),
    ],
  };
  const sections = sectionsOf(dashboard, recording, { seconds: 1, times: [10, 11] }, ['Empty', 'Whole']);
  const seen = sections.map(({ title, rows }) => [
    title,
    rows.map((row) => row.map((panel) => panel.kind === 'chart' && [panel.chart.title, panel.columns])),
  ]);
  expect(seen).toEqual([
    [
      undefined,
      [
        [
          ['a', 6],
          ['c', 6],
        ],
      ],
    ],
    ['Whole', [[['d', 4]]]],
  ]);
});
