import type UPlot from 'uplot';
import type { Chart, ChartLine } from './chart.ts';

/**
 * The functions that draw in the page. It gets them as text, so they see each other and nothing else of this file. What
 * they use of the browser is declared here alone: no other file may take it for Node's.
 */
declare const uPlot: typeof UPlot;
declare const devicePixelRatio: number;
declare const document: { querySelector(selector: string): { readonly clientWidth: number } | null };

/** The text of a script that draws these charts into the elements `chart-0`, `chart-1` and so on. */
export function drawScript(charts: readonly Chart[]): string {
  const functions = [drawCharts, stack, optionsOf, shorten, rangeOf, seriesOf, drawMark, drawThreshold, drawPath];
  // A `<` could end the script's element.
  return `${functions.join('\n')}\ndrawCharts(${JSON.stringify(charts).replaceAll('<', '\\u003c')});`;
}

function drawCharts(charts: readonly Chart[]): void {
  charts.forEach((chart, index) => {
    const place = document.querySelector(`#chart-${index}`);
    if (place === null) throw new Error(`The page has no place for ${chart.title}.`);
    const lines = chart.display === 'bars' ? stack(chart.lines) : chart.lines;
    const data = [[...chart.times], ...lines.map(({ values }) => [...values])];
    // Two casts: the compiler sees neither that the first list has no gaps nor what an element is.
    new uPlot(optionsOf(chart, lines, place.clientWidth), data as UPlot.AlignedData, place as never);
  });
}

/** Each line on those before it, the highest first: the lower ones are drawn over it. */
function stack(lines: readonly ChartLine[]): ChartLine[] {
  const heights = lines[0]?.values.map(() => 0) ?? [];
  const stacked = lines.map((line) => ({
    ...line,
    values: line.values.map((value, index) => {
      heights[index] = (heights[index] ?? 0) + (value ?? 0);
      return value === null ? null : (heights[index] ?? 0);
    }),
  }));
  return stacked.reverse();
}

function optionsOf(chart: Chart, lines: readonly ChartLine[], width: number): UPlot.Options {
  const grid = { stroke: '#262c37', width: 1 };
  const axis: UPlot.Axis = { stroke: '#8b95a6', font: '11px sans-serif', grid, ticks: { show: false } };
  const clock = (seconds: number) => new Date(1_000 * seconds).toISOString().slice(11, 19);
  const edge = chart.display === 'bars' ? ((chart.times[1] ?? 0) - (chart.times[0] ?? 0)) / 2 : 0;
  return {
    width,
    height: 140,
    padding: [10, 28, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_, min, max) => [min - edge, max + edge] },
      y: { range: (_, min, max) => rangeOf(chart, min, max) },
    },
    axes: [
      { ...axis, size: 24, space: 90, values: (_, splits) => splits.map(clock) },
      { ...axis, size: 52, space: 28, values: (_, splits) => splits.map(shorten) },
    ],
    series: [{}, ...lines.map((line) => seriesOf(chart, line))],
    hooks: {
      draw: [
        (plot) => {
          for (const { timestampSeconds, alertType } of chart.marks) drawMark(plot, timestampSeconds, alertType);
          for (const { value, isError } of chart.thresholds) drawThreshold(plot, value, isError);
        },
      ],
    },
  };
}

function shorten(value: number): string {
  const [size, unit] = (
    [
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const
  ).find(([least]) => Math.abs(value) >= least) ?? [1, ''];
  return `${Number((value / size).toPrecision(4))}${unit}`;
}

/** Has the thresholds in it, and room above the highest value. */
function rangeOf({ display, thresholds }: Chart, lowest: number, highest: number): [number, number] {
  const all = [lowest, highest, ...thresholds.map(({ value }) => value), ...(display === 'bars' ? [0] : [])];
  const [min, max] = [Math.min(...all), Math.max(...all)];
  const room = (max - min || Math.abs(max) || 1) * 0.08;
  return [min >= 0 && min - room < 0 ? 0 : min - room, max + room];
}

function seriesOf({ display }: Chart, { color, isDashed }: ChartLine): UPlot.Series {
  const points = { show: false };
  if (display === 'line') {
    return { stroke: color, width: 1.5, points, spanGaps: true, ...(isDashed && { dash: [5, 3] }) };
  }
  const paths = uPlot.paths.bars?.({ size: [0.7] });
  return { stroke: color, fill: color, width: 0, points, ...(paths && { paths }) };
}

/** A line through the time of an event, with a flag above. */
function drawMark(plot: UPlot, seconds: number, alertType: string): void {
  const { left, top, width, height } = plot.bbox;
  const x = plot.valToPos(seconds, 'x', true);
  if (x < left || x > left + width) return;
  const color = alertType === 'error' ? '#f2495c' : alertType === 'warning' ? '#ff9830' : '#56a64b';
  drawPath(plot, color, [2, 2], [x, top, x, top + height]);
  const size = 4 * devicePixelRatio;
  plot.ctx.fillStyle = color;
  plot.ctx.fillRect(x - size / 2, top - size, size, size);
}

function drawThreshold(plot: UPlot, value: number, isError: boolean): void {
  const { left, width } = plot.bbox;
  const y = plot.valToPos(value, 'y', true);
  drawPath(plot, isError ? '#f2495c' : '#ff9830', [6, 4], [left, y, left + width, y]);
}

function drawPath(
  { ctx }: UPlot,
  color: string,
  dash: readonly number[],
  [fromX, fromY, toX, toY]: readonly [number, number, number, number],
): void {
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(fromX, fromY);
  ctx.lineTo(toX, toY);
  ctx.stroke();
  ctx.restore();
}
