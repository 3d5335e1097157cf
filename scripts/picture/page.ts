import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Chart, ChartLine, Intervals } from './chart.ts';
import type { Dashboard } from './dashboard.ts';
import { drawScript } from './draw.ts';
import type { Panel, Section } from './layout.ts';

/** Where a chart has more lines, the legend names those that rise highest. */
const MAX_LEGEND = 6;

const bundled = (file: string) => readFileSync(fileURLToPath(import.meta.resolve(`uplot/dist/${file}`)), 'utf8');
const style = readFileSync(new URL('page.css', import.meta.url), 'utf8');

export interface PageContent {
  readonly dashboard: Dashboard;
  readonly sections: readonly Section[];
  readonly intervals: Intervals;
  /** Where the values come from. */
  readonly origin: string;
}

/** One page that needs nothing from elsewhere. */
export function pageOf({ dashboard, sections, intervals, origin }: PageContent): string {
  const charts: Chart[] = [];
  const body = sections.map((section) => sectionHtml(section, charts)).join('');
  return `<!doctype html>
<meta charset="utf-8">
<title>${escapeHtml(dashboard.title)}</title>
<style>${bundled('uPlot.min.css')}${style}</style>
<header><h1>${escapeHtml(dashboard.title)}</h1>${variablesHtml(dashboard)}${spanHtml(intervals)}</header>
<main>${body}</main>
<footer>${escapeHtml(origin)}</footer>
<script>${bundled('uPlot.iife.min.js')}</script>
<script>${drawScript(charts)}</script>
`;
}

function variablesHtml({ template_variables: variables }: Dashboard): string {
  const boxes = variables.map(
    ({ name, defaults }) =>
      `<span class="variable"><b>$${escapeHtml(name)}</b>${escapeHtml(defaults.join(', '))}</span>`,
  );
  return `<div class="variables">${boxes.join('')}</div>`;
}

function spanHtml({ seconds, times }: Intervals): string {
  const clock = (time: number) => new Date(1_000 * time).toISOString().slice(11, 19);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  return `<span class="span">${clock(first)} – ${clock(last + seconds)} UTC, one point each ${seconds} s</span>`;
}

/** Adds its charts to those that the script draws. */
function sectionHtml({ title, rows }: Section, charts: Chart[]): string {
  const panels = rows.flat().map((panel) => panelHtml(panel, charts));
  const heading = title === undefined ? '' : `<h2>${escapeHtml(title)}</h2>`;
  return `<section${title === undefined ? '' : ' class="group"'}>${heading}<div class="grid">${panels.join('')}</div></section>`;
}

function panelHtml(panel: Panel, charts: Chart[]): string {
  const place = `style="grid-column: span ${panel.columns}"`;
  if (panel.kind === 'note') return `<div class="note" ${place}>${noteHtml(panel.content)}</div>`;
  const { chart } = panel;
  charts.push(chart);
  return `<div class="panel" ${place}><h3>${escapeHtml(chart.title)}</h3><div id="chart-${charts.length - 1}"></div>${legendHtml(chart)}</div>`;
}

function legendHtml({ lines, thresholds }: Chart): string {
  const shown =
    lines.length > MAX_LEGEND ? lines.toSorted((a, b) => peakOf(b) - peakOf(a)).slice(0, MAX_LEGEND) : lines;
  const rest = lines.length - shown.length;
  const items = [
    ...shown.map(({ label, color, isDashed }) => item(label, color, isDashed)),
    ...(rest > 0 ? [`<li>and ${rest} more</li>`] : []),
    ...thresholds.map(({ label, isError }) => item(label, isError ? '#f2495c' : '#ff9830', true)),
  ];
  return `<ul class="legend">${items.join('')}</ul>`;
}

function peakOf({ values }: ChartLine): number {
  return Math.max(...values.map((value) => value ?? Number.NEGATIVE_INFINITY));
}

function item(label: string, color: string, isDashed: boolean): string {
  const line = `border-top: 2px ${isDashed ? 'dashed' : 'solid'} ${color}`;
  return `<li><i style="${line}"></i>${escapeHtml(label)}</li>`;
}

/** What of Markdown the note has. */
function noteHtml(markdown: string): string {
  const paragraphs = escapeHtml(markdown)
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/`(.+?)`/g, '<code>$1</code>')
    .replace(/\*(\w.+?)\*/g, '<i>$1</i>')
    .split('\n\n');
  return paragraphs.map((paragraph) => `<p>${paragraph}</p>`).join('');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
