import { type Chart, chartOf, type Intervals } from './chart.ts';
import type { Dashboard, Widget } from './dashboard.ts';
import type { Recording } from './record.ts';

export type Panel = { readonly columns: number } & (
  | { readonly kind: 'chart'; readonly chart: Chart }
  | { readonly kind: 'note'; readonly content: string }
);

/** What stands below a title, or above the first one. */
export interface Section {
  readonly title?: string;
  readonly rows: readonly (readonly Panel[])[];
}

const COLUMNS = 12;

/** The widgets in their places; a chart without data leaves its place to the others of its row. */
export function sectionsOf(
  { widgets }: Dashboard,
  recording: Recording,
  intervals: Intervals,
  groups: readonly string[],
): Section[] {
  const rows = (those: readonly Widget[]) => rowsOf(those, recording, intervals);
  const top: Section = { rows: rows(widgets) };
  const below = widgets.flatMap(({ definition }): Section[] =>
    definition.type === 'group' && groups.includes(definition.title)
      ? [{ title: definition.title, rows: rows(definition.widgets) }]
      : [],
  );
  return [top, ...below].filter((section) => section.rows.length > 0);
}

function rowsOf(widgets: readonly Widget[], recording: Recording, intervals: Intervals): Panel[][] {
  const tops = [...new Set(widgets.map(({ layout }) => layout.y))].sort((a, b) => a - b);
  return tops.flatMap((top) => {
    const inRow = widgets.filter(({ layout }) => layout.y === top).toSorted((a, b) => a.layout.x - b.layout.x);
    const drawn = inRow.flatMap((widget) => panelOf(widget, recording, intervals) ?? []);
    if (drawn.length === 0) return [];
    const isWhole = drawn.length === inRow.length;
    return [isWhole ? drawn : drawn.map((panel) => ({ ...panel, columns: COLUMNS / drawn.length }))];
  });
}

function panelOf({ definition, layout }: Widget, recording: Recording, intervals: Intervals): Panel | undefined {
  switch (definition.type) {
    case 'timeseries': {
      const chart = chartOf(definition, recording, intervals);
      return chart && { kind: 'chart', columns: layout.width, chart };
    }
    case 'note':
      return { kind: 'note', columns: layout.width, content: definition.content };
    case 'group':
      return undefined;
  }
}
