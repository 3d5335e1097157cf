import type uPlot from '/uplot/uPlot.js';
import type { LineName, WireRule } from '../protocol.ts';
import { colour, runColourName } from './colours.ts';
import { formatTime, formatValue } from './format.ts';
import type { Run } from './model.ts';
import { drawBands, drawHappenings, drawNonFinite, drawThresholdLabels, type Happening } from './overlays.ts';
import type { View } from './view.ts';

/** One line of a chart: values of a run, or percentiles of its durations. */
export interface ChartLine {
  readonly run: Run;
  readonly name: LineName;
}

/** What is drawn beside the lines, as it is at the moment of drawing. */
export interface Surroundings {
  rules: readonly WireRule[];
  happenings: readonly Happening[];
  nonFinite: readonly Happening[];
}

export interface ChartOptions {
  readonly width: number;
  readonly lines: readonly ChartLine[];
  readonly view: View;
  readonly surroundings: Surroundings;
  /** The cursor is at another place, of this chart or, by the same value, of another. */
  readonly onCursor: (chart: uPlot) => void;
  readonly onZoom: (min: number, max: number) => void;
}

const HEIGHT = 200;
const FONT = '11px system-ui, sans-serif';
const Y_AXIS_WIDTH = 54;
/** Less is a click that was not quite still. */
const MIN_ZOOM_PIXELS = 8;

export function chartOptions({ width, lines, view, surroundings, onCursor, onZoom }: ChartOptions): uPlot.Options {
  const axis = (more: uPlot.Axis): uPlot.Axis => ({
    stroke: () => colour('muted'),
    font: FONT,
    grid: { stroke: () => colour('grid'), width: 1 },
    ticks: { stroke: () => colour('grid'), width: 1, size: 4 },
    ...more,
  });
  const isTime = view.axis === 'time';
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 12, 0, 0],
    scales: {
      x: { time: false, range: (_, min, max) => rangeOfX(view, min, max) },
      y: { range: (_, min, max) => rangeOfY(surroundings.rules, min, max) },
    },
    axes: [
      axis({
        size: 28,
        ...(isTime && { incrs: TIME_INCREMENTS }),
        values: (_, places) => places.map((place) => (isTime ? formatTime(place) : formatStep(place))),
      }),
      axis({ size: Y_AXIS_WIDTH, values: (_, places) => places.map((place) => formatValue(place)) }),
    ],
    series: [{}, ...lines.map((line) => seriesOf(line, lines.length > MAX_BOLD ? 1 : 1.5))],
    cursor: {
      y: false,
      sync: { key: 'signal-otel', scales: ['x', null] },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
    },
    hooks: {
      drawClear: [(chart) => drawBands(chart, surroundings.rules)],
      draw: [
        (chart) => drawThresholdLabels(chart, surroundings.rules),
        (chart) => drawHappenings(chart, surroundings.happenings),
        (chart) => drawNonFinite(chart, surroundings.nonFinite),
      ],
      setCursor: [onCursor],
      setSelect: [
        (chart) => {
          const { left, width: selected } = chart.select;
          if (selected < MIN_ZOOM_PIXELS) return;
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onZoom(chart.posToVal(left, 'x'), chart.posToVal(left + selected, 'x'));
        },
      ],
    },
  };
}

const TIME_INCREMENTS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** A line of one pixel is drawn ten times as fast as a wider one, which tells where there are many. */
const MAX_BOLD = 2;

function seriesOf({ run, name }: ChartLine, width: number): uPlot.Series {
  const stroke = () => colour(runColourName(run.index));
  return {
    stroke,
    width: name === 'p99' ? 1 : width,
    ...(name === 'p99' && { dash: [4, 3] }),
    points: { show: (_chart, _series, first, last) => last - first < 2, size: 5, fill: stroke },
  };
}

function formatStep(step: number): string {
  if (!Number.isInteger(step)) return '';
  return step >= 10_000 ? `${formatValue(step / 1_000)}k` : String(step);
}

function rangeOfX({ zoom }: View, min: number, max: number): [number, number] {
  if (zoom !== undefined) return [zoom.min, zoom.max];
  // A single point is in the middle.
  return min === max ? [min - 1, max + 1] : [min, max];
}

/** The values with some room, and the first threshold of each rule, so that one sees how far it is. */
function rangeOfY(rules: readonly WireRule[], min: number | null, max: number | null): [number, number] {
  const thresholds = rules.flatMap(({ levels }) => levels[0]?.value ?? []);
  const all = [min, max, ...thresholds].filter((value) => value !== null);
  if (all.length === 0) return [0, 1];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  // What is never negative does not look as if it were.
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}
