import type uPlot from '/uplot/uPlot.js';
import type { WireLevel, WireRule } from '../protocol.ts';
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

const LABEL_PIXELS = 11;

/** Where the values of a metric are an alarm: a band from each threshold on, to the next one. Behind the lines. */
export function drawBands(chart: uPlot, rules: readonly WireRule[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  clip(chart);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const { level, next } of bandsOf(rules)) {
    const begin = heightOf(chart, level.value);
    const edge = level.isUpper ? bbox.top : bbox.top + bbox.height;
    const end = next === undefined ? edge : heightOf(chart, next.value);
    ctx.fillStyle = colour(`band-${level.status}`);
    ctx.fillRect(bbox.left, Math.min(begin, end), bbox.width, Math.abs(end - begin));
    ctx.strokeStyle = alertColour(level.status);
    line(ctx, bbox.left, begin, bbox.left + bbox.width, begin);
  }
  ctx.restore();
}

/** What the bands mean. Before the lines, and legible there. */
export function drawThresholdLabels(chart: uPlot, rules: readonly WireRule[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.font = `${LABEL_PIXELS * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'top';
  ctx.lineJoin = 'round';
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.strokeStyle = colour('panel');
  ctx.fillStyle = colour('muted');
  const height = (LABEL_PIXELS + 3) * devicePixelRatio;
  const taken: number[] = [];
  // The worse one first: where there is room for one only, it is that.
  for (const { status, when, value, isUpper } of rules.flatMap(({ levels }) => levels).reverse()) {
    const y = heightOf(chart, value);
    // A warning's on the good side of its line, a critical one's on the bad side.
    const isBelow = isUpper === (status === 'warning');
    const top = isBelow ? y + 3 * devicePixelRatio : y - height;
    const inside = Math.max(bbox.top, Math.min(top, bbox.top + bbox.height - height));
    if (taken.some((other) => Math.abs(other - inside) < height)) continue;
    taken.push(inside);
    const text = `${status} ${when} ${formatValue(value)}`;
    const right = bbox.left + bbox.width - 4 * devicePixelRatio;
    ctx.strokeText(text, right, inside);
    ctx.fillText(text, right, inside);
  }
  ctx.restore();
}

interface Band {
  readonly level: WireLevel;
  /** Where a worse level begins. */
  readonly next: WireLevel | undefined;
}

function bandsOf(rules: readonly WireRule[]): Band[] {
  return rules.flatMap(({ levels }) => levels.map((level, index) => ({ level, next: levels[index + 1] })));
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
