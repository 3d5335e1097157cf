import type { Series, SeriesPoint, Sketch, SketchPoint } from '../../test/support/datadog-wire.ts';
import { mergeSketches, sketchQuantile } from '../../test/support/sketch.ts';

/** What of Datadog's query language the dashboard uses: all template variables stand for everything. */
export interface Query {
  readonly aggregator: 'avg' | 'max' | 'sum' | 'p50' | 'p99';
  /** A sum of counts adds up over time, too; one of gauges takes the mean of each series over time. */
  readonly isCount: boolean;
  readonly metric: string;
  /** Series that have one of these tags are left out. */
  readonly without: readonly string[];
  readonly by: readonly string[];
}

export interface Measured {
  readonly series: readonly Series[];
  readonly sketches: readonly Sketch[];
}

/** One line of a chart. */
export interface Line {
  /** The values of the tags that tell the lines of a query apart, in the order of the query. */
  readonly group: readonly string[];
  /** By the first second of each interval. */
  readonly values: ReadonlyMap<number, number>;
}

const FORM = /^(avg|max|sum|p50|p99):([\w.]+)\{([^}]*)\} by \{([^}]+)\}(\.as_count\(\))?$/;

/** @throws RangeError for a query of a form that the dashboard has not had so far. */
export function parseQuery(text: string): Query {
  const [, aggregator, metric = '', scope = '', by = '', asCount] = FORM.exec(text) ?? [];
  const conditions = scope.split(',').filter((condition) => !condition.startsWith('$'));
  const without = conditions.flatMap((condition) => /^!([\w.]+):\*$/.exec(condition)?.[1] ?? []);
  const isCount = asCount !== undefined;
  if (!isAggregator(aggregator) || conditions.length > without.length || (isCount && aggregator !== 'sum')) {
    throw new RangeError(`The picture cannot evaluate ${text}: teach scripts/picture/query.ts its form`);
  }
  return { aggregator, isCount, metric, without, by: by.split(',') };
}

/** As Datadog does: what falls into one interval becomes one value, over time and over the series of a group. */
export function evaluate(query: Query, { series, sketches }: Measured, intervalSeconds: number): Line[] {
  const { aggregator } = query;
  if (aggregator === 'p50' || aggregator === 'p99') {
    const quantile = aggregator === 'p50' ? 0.5 : 0.99;
    const reduce = (points: readonly SketchPoint[]) => sketchQuantile(mergeSketches(points), quantile);
    return linesOf(query, sketches, intervalSeconds, reduce);
  }
  if (aggregator === 'sum' && !query.isCount) return added(series.flatMap((one) => means(query, one, intervalSeconds)));
  const reduce = reducers[aggregator];
  return linesOf(query, series, intervalSeconds, (points) => reduce(points.map(({ value }) => value)));
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const reducers: Readonly<Record<'avg' | 'max' | 'sum', (values: readonly number[]) => number>> = {
  avg: (values) => sum(values) / values.length,
  max: (values) => Math.max(...values),
  sum,
};

function means(query: Query, series: Series, intervalSeconds: number): Line[] {
  return linesOf(query, [series], intervalSeconds, (points) => reducers.avg(points.map(({ value }) => value)));
}

function added(lines: readonly Line[]): Line[] {
  return [...Map.groupBy(lines, ({ group }) => group.join(',')).values()].map((alike) => {
    const values = new Map<number, number>();
    for (const line of alike) {
      for (const [start, value] of line.values) values.set(start, (values.get(start) ?? 0) + value);
    }
    return { group: alike[0]?.group ?? [], values };
  });
}

interface Tagged<Point> {
  readonly metric: string;
  readonly host: string;
  readonly tags: readonly string[];
  readonly points: readonly Point[];
}

function linesOf<Point extends Pick<SeriesPoint, 'timestampSeconds'>>(
  { metric, without, by }: Query,
  all: readonly Tagged<Point>[],
  intervalSeconds: number,
  reduce: (points: readonly Point[]) => number,
): Line[] {
  const groups = new Map<string, { group: string[]; intervals: Map<number, Point[]> }>();
  for (const { host, tags, points, ...one } of all) {
    if (one.metric !== metric || without.some((key) => tagOf(tags, key) !== undefined)) continue;
    const group = by.map((key) => (key === 'host' ? host : tagOf(tags, key)) ?? 'N/A');
    const line = getOrAdd(groups, group.join(','), () => ({ group, intervals: new Map<number, Point[]>() }));
    for (const point of points) {
      const start = Math.floor(point.timestampSeconds / intervalSeconds) * intervalSeconds;
      getOrAdd(line.intervals, start, (): Point[] => []).push(point);
    }
  }
  return [...groups.values()].map(({ group, intervals }) => ({
    group,
    values: new Map([...intervals].map(([start, points]) => [start, reduce(points)])),
  }));
}

function isAggregator(text: string | undefined): text is Query['aggregator'] {
  return text !== undefined && /^(avg|max|sum|p50|p99)$/.test(text);
}

function tagOf(tags: readonly string[], key: string): string | undefined {
  return tags.find((tag) => tag.startsWith(`${key}:`))?.slice(key.length + 1);
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const value = map.get(key) ?? create();
  map.set(key, value);
  return value;
}
