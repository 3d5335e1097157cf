import type { ChartDefinition, ChartRequest } from './dashboard.ts';
import { evaluate, type Line, parseQuery } from './query.ts';
import type { Mark, Recording } from './record.ts';

/** What the page draws of one chart. */
export interface Chart {
  readonly title: string;
  readonly display: 'line' | 'bars';
  /** In seconds, one for each interval. */
  readonly times: readonly number[];
  /** At least one. */
  readonly lines: readonly ChartLine[];
  readonly thresholds: readonly Threshold[];
  readonly marks: readonly Mark[];
}

export interface ChartLine {
  readonly label: string;
  readonly color: string;
  readonly isDashed: boolean;
  readonly values: readonly (number | null)[];
}

export interface Threshold {
  readonly value: number;
  readonly label: string;
  readonly isError: boolean;
}

/** The intervals that the picture shows, as Datadog chooses them by the time that is shown. */
export interface Intervals {
  readonly seconds: number;
  readonly times: readonly number[];
}

const MAX_INTERVALS = 90;
const COLORS = ['#5b9bf3', '#e7a33b', '#4fc08d', '#c57bdb', '#e5616e', '#59c3d6'];

/** From the first point of a run to the last. */
export function intervalsOf({ series }: Recording): Intervals {
  const ofRuns = series.filter(({ tags }) => tags.some((tag) => tag.startsWith('run_id:')));
  const seconds = ofRuns.flatMap(({ points }) => points.map(({ timestampSeconds }) => timestampSeconds));
  if (seconds.length === 0) throw new Error('No point of a run has arrived.');
  const [first, last] = [Math.min(...seconds), Math.max(...seconds)];
  const interval = Math.ceil((last - first + 1) / MAX_INTERVALS);
  const start = Math.floor(first / interval) * interval;
  const count = Math.floor((last - start) / interval) + 1;
  return { seconds: interval, times: Array.from({ length: count }, (_, index) => start + index * interval) };
}

/** Undefined where the recording has nothing of it. */
export function chartOf(definition: ChartDefinition, recording: Recording, intervals: Intervals): Chart | undefined {
  const { title, requests, markers = [], events = [] } = definition;
  const lines = requests.flatMap((request) => linesOf(request, recording, intervals));
  if (lines.length === 0) return undefined;
  return {
    title,
    display: requests[0]?.display_type ?? 'line',
    times: intervals.times,
    lines,
    thresholds: markers.map(({ value, display_type, label }) => ({
      value: Number(value.replace('y = ', '')),
      label,
      isError: display_type.startsWith('error'),
    })),
    marks: events.length > 0 ? spread(recording.events) : [],
  };
}

function linesOf({ queries, formulas }: ChartRequest, recording: Recording, intervals: Intervals): ChartLine[] {
  const answers = formulas.map(({ formula, alias }) => {
    const query = parseQuery(queryOf(formula, queries));
    const prefix = formulas.length > 1 ? `${alias} ` : '';
    const lines = evaluate(query, recording, intervals.seconds);
    return { query, prefix, lines: lines.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b))) };
  });
  const names = [...new Set(answers.flatMap(({ lines }) => lines.map(nameOf)))];
  return answers.flatMap(({ query, prefix, lines }, index) =>
    lines.map((line) => ({
      label: prefix + labelOf(query.by, line),
      // A run keeps its colour through all lines and charts.
      color: colorOf(names.indexOf(nameOf(line))),
      isDashed: index > 0,
      values: intervals.times.map((time) => line.values.get(time) ?? null),
    })),
  );
}

function queryOf(formula: string, queries: ChartRequest['queries']): string {
  const named = queries.find(({ name }) => name === formula);
  if (named === undefined) throw new RangeError(`The picture cannot evaluate the formula ${formula}: it is no query`);
  return named.query;
}

function nameOf({ group }: Line): string {
  return group.join();
}

/** Ids of GPUs fill a line, and their end tells them apart; every check begins alike. */
function labelOf(by: readonly string[], { group }: Line): string {
  const short = (text: string) => text.replace(/^GPU-.*(?=.{4}$)/, 'GPU-…').replace(/^signal\./, '');
  return by.map((key, index) => `${key}:${short(group[index] ?? '')}`).join(', ');
}

function colorOf(index: number): string {
  // The golden angle keeps neighbours apart, however many there are.
  return COLORS[index] ?? `hsl(${(index * 137.5) % 360} 55% 60%)`;
}

/** Datadog keeps whole seconds: those of one second side by side, as they came, and each kind once. */
function spread(events: readonly Mark[]): Mark[] {
  return [...Map.groupBy(events, ({ timestampSeconds }) => timestampSeconds)].flatMap(([second, marks]) => {
    const kinds = [...new Set(marks.map(({ alertType }) => alertType))];
    return kinds.map((alertType, index) => ({ alertType, timestampSeconds: second + index / kinds.length }));
  });
}
