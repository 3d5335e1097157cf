import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluate, type Measured, parseQuery } from '../../../scripts/picture/query.ts';
import type { Series, Sketch } from '../../support/datadog-wire.ts';

const points = (values: Readonly<Record<number, number>>) =>
  Object.entries(values).map(([second, value]) => ({ timestampSeconds: Number(second), value }));

function series(tags: readonly string[], values: Readonly<Record<number, number>>, host = 'h'): Series {
  return { metric: 'a.b', type: 'gauge', host, tags, unit: '', intervalSeconds: 0, points: points(values) };
}

/** Of one value: the sketch of one point is exact. */
function sketch(tags: readonly string[], second: number, value: number): Sketch {
  const of = { count: 1, min: value, max: value, average: value, sum: value, bins: [{ key: 1, count: 1 }] };
  return { metric: 'a.b', host: 'h', tags, points: [{ timestampSeconds: second, ...of }] };
}

function linesOf(query: string, measured: Partial<Measured>, intervalSeconds = 10) {
  const lines = evaluate(parseQuery(query), { series: [], sketches: [], ...measured }, intervalSeconds);
  return Object.fromEntries(lines.map(({ group, values }) => [group.join(), Object.fromEntries(values)]));
}

describe('a query of the dashboard', () => {
  const two = [series(['run_id:x'], { 10: 1, 19: 3, 20: 8 }), series(['run_id:y'], { 12: 5 })];

  it('makes one value of each interval, for each group', () => {
    expect(linesOf('avg:a.b{$run_id} by {run_id}', { series: two })).toEqual({ x: { 10: 2, 20: 8 }, y: { 10: 5 } });
    expect(linesOf('max:a.b{$run_id} by {run_id}', { series: two })).toEqual({ x: { 10: 3, 20: 8 }, y: { 10: 5 } });
    expect(linesOf('sum:a.b{$env} by {env}.as_count()', { series: two })).toEqual({ 'N/A': { 10: 9, 20: 8 } });
    expect(linesOf('sum:a.b{$env} by {env}', { series: two })).toEqual({ 'N/A': { 10: 7, 20: 8 } });
  });

  it('leaves out other metrics and what a condition excludes', () => {
    const failed = series(['run_id:x', 'error.type:500'], { 10: 100 });
    const other = { ...series(['run_id:x'], { 10: 100 }), metric: 'a.c' };
    const query = 'avg:a.b{$run_id,!error.type:*} by {run_id}';
    expect(linesOf(query, { series: [...two, failed, other] })).toEqual({ x: { 10: 2, 20: 8 }, y: { 10: 5 } });
  });

  it('tells lines apart by several tags, the host among them', () => {
    const gpus = [series(['hw.id:g'], { 10: 1 }, 'one'), series(['hw.id:g'], { 10: 2 }, 'other')];
    expect(linesOf('avg:a.b{$env} by {host,hw.id}', { series: gpus })).toEqual({
      'one,g': { 10: 1 },
      'other,g': { 10: 2 },
    });
  });

  it('merges the sketches of an interval for a percentile', () => {
    const sketches = [sketch(['run_id:x'], 10, 4), sketch(['run_id:x'], 22, 7)];
    expect(linesOf('p99:a.b{$run_id} by {run_id}', { sketches })).toEqual({ x: { 10: 4, 20: 7 } });
  });

  it('is refused where it has a form that the dashboard has not', () => {
    for (const query of [
      'avg:a.b{*}',
      'avg:a.b{$env} by {env}.as_count()',
      'avg:a.b{team:ml} by {env}',
      'p95:a.b{$env} by {env}',
    ]) {
      expect(() => parseQuery(query)).toThrow(RangeError);
    }
  });

  it('can be any of those that the dashboard has', () => {
    const text = readFileSync(new URL('../../../dashboards/datadog-dashboard.json', import.meta.url), 'utf8');
    const queries = [...text.matchAll(/"query": "(.+)"/g)].map(([, query = '']) => query);
    expect(queries.length).toBeGreaterThan(20);
    expect(() => queries.map(parseQuery)).not.toThrow();
  });
});
