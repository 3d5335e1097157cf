import type uPlot from '/uplot/uPlot.js';
import type { WireRule, WireThreshold } from '../protocol.ts';
import { alertColour, colour } from './colours.ts';
import { formatValue } from './format.ts';

// What a chart shows beside its lines, drawn on its canvas.

/** A place along the axis at which something happened. */
export interface Happening {
  readonly x: number;
  /** In one line, with its run where several are shown. */
  readonly title: string;
  readonly colour: string;
}

const LEVELS = ['warning', 'critical'] as const;

/** Where the values of a metric are an alarm: a band from each threshold on, to the next one. */
export function drawBands(chart: uPlot, rules: readonly WireRule[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  clip(chart);
  for (const { warning, critical } of rules) {
    const thresholds = { warning, critical };
    for (const level of LEVELS) {
      const threshold = thresholds[level];
      if (threshold === undefined) continue;
      const begin = heightOf(chart, threshold.value);
      const next = level === 'warning' && critical !== undefined ? heightOf(chart, critical.value) : undefined;
      const end = next ?? (isUpper(threshold) ? bbox.top : bbox.top + bbox.height);
      ctx.fillStyle = colour(`band-${level}`);
      ctx.fillRect(bbox.left, Math.min(begin, end), bbox.width, Math.abs(end - begin));
      drawThreshold(chart, threshold, level, begin);
    }
  }
  ctx.restore();
}

function drawThreshold(chart: uPlot, threshold: WireThreshold, level: 'warning' | 'critical', y: number): void {
  const { ctx, bbox } = chart;
  ctx.strokeStyle = alertColour(level);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  line(ctx, bbox.left, y, bbox.left + bbox.width, y);
  ctx.fillStyle = colour('muted');
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  // On the good side of the line, where there is room for it.
  ctx.textBaseline = isUpper(threshold) ? 'top' : 'bottom';
  const shift = (isUpper(threshold) ? 3 : -3) * devicePixelRatio;
  const text = `${level} ${threshold.when} ${formatValue(threshold.value)}`;
  ctx.fillText(text, bbox.left + bbox.width - 4 * devicePixelRatio, y + shift);
}

export function drawHappenings(chart: uPlot, happenings: readonly Happening[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  clip(chart);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 2 * devicePixelRatio]);
  for (const { x, colour: stroke } of happenings) {
    const left = chart.valToPos(x, 'x', true);
    ctx.strokeStyle = stroke;
    ctx.fillStyle = stroke;
    line(ctx, left, bbox.top, left, bbox.top + bbox.height);
    const size = 4 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(left - size, bbox.top);
    ctx.lineTo(left + size, bbox.top);
    ctx.lineTo(left, bbox.top + size * 1.5);
    ctx.fill();
  }
  ctx.restore();
}

/** A cross at the foot of the chart for each value that is no number. */
export function drawNonFinite(chart: uPlot, marks: readonly Happening[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  clip(chart);
  ctx.lineWidth = 1.5 * devicePixelRatio;
  const size = 4 * devicePixelRatio;
  const y = bbox.top + bbox.height - 2 * size;
  for (const { x, colour: stroke } of marks) {
    const left = chart.valToPos(x, 'x', true);
    ctx.strokeStyle = stroke;
    line(ctx, left - size, y - size, left + size, y + size);
    line(ctx, left - size, y + size, left + size, y - size);
  }
  ctx.restore();
}

function isUpper({ when }: WireThreshold): boolean {
  return when === '>' || when === '>=';
}

function heightOf(chart: uPlot, value: number): number {
  return chart.valToPos(value, 'y', true);
}

function clip({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
