import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { grafanaDashboard } from '../../../scripts/grafana-dashboard.ts';
import { catalogue, type HealthRule, healthRules } from '../../../src/catalogue/index.ts';
import { groups, overview } from '../../../src/dashboards/layout.ts';
import { prometheusNames } from '../../../src/dashboards/prometheus-query.ts';
import { panelsOf } from '../../support/grafana.ts';
import { asList, asRecord } from '../../support/shape.ts';

const dashboard = asRecord(
  JSON.parse(readFileSync(new URL('../../../dashboards/grafana.json', import.meta.url), 'utf8')),
  'the dashboard',
);
const panels = panelsOf(dashboard);
const charts = panels.filter(({ type }) => type === 'timeseries');
const expressions = charts.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const rules: readonly HealthRule[] = healthRules;

/** The metrics that it names, of whose buckets it may ask; `hw_id` is a label. */
const metricsIn = (expr: string) =>
  (expr.match(/\b(?:signal|hw)_(?!id\b)[a-z0-9_]+/g) ?? []).map((name) => name.replace(/_bucket$/, ''));

const chartsOf = (metric: HealthRule['metric']) =>
  charts.filter(({ targets }) => targets.some(({ expr }) => metricsIn(expr).includes(prometheusNames(metric)[0])));

const variables = asList(asRecord(dashboard.templating, 'templating').list, 'variables').map((item) =>
  asRecord(item, 'a variable'),
);

describe("Grafana's dashboard", () => {
  it('is what the builders of its SDK make', () => {
    // Their types know the schema; a value that is undefined is no part of the JSON.
    expect(dashboard).toEqual(JSON.parse(JSON.stringify(grafanaDashboard())));
    expect(dashboard).toMatchObject({ uid: 'signal-otel-training', schemaVersion: expect.any(Number) });
    expect(dashboard.id).toBeUndefined();
  });

  it('shows each metric of the catalogue, and no other', () => {
    const known = new Map(
      catalogue.flatMap(({ name }) => prometheusNames(name).map((shown) => [shown, name] as const)),
    );
    const shown = expressions.flatMap(metricsIn);
    expect(shown.filter((name) => !known.has(name))).toEqual([]);
    expect([...new Set(shown.map((name) => known.get(name)))].sort()).toEqual(catalogue.map(({ name }) => name).sort());
  });

  it("has the layout of Datadog's", () => {
    const rows = [...overview, ...groups.flatMap((group) => group.rows)];
    expect(charts.map(({ title }) => title)).toEqual(rows.flat().map(({ title }) => title));
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual(
      groups.map(({ title }) => title),
    );
    for (const row of rows) {
      const places = row.map(({ title }) => charts.find((chart) => chart.title === title)?.place);
      expect(new Set(places.map((place) => place?.y)).size).toBe(1);
      expect(places.reduce((width, place) => width + (place?.w ?? 0), 0)).toBe(24);
    }
  });

  it('lets no two panels lie on one another, or have the same id', () => {
    const cells = panels.flatMap(({ place: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ place }) => place.x + place.w))).toBe(24);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { targets } of charts) expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  });

  it('asks the chosen data source alone', () => {
    const source = { type: 'prometheus', uid: '$datasource' };
    expect(variables[0]).toMatchObject({ type: 'datasource', name: 'datasource', query: 'prometheus' });
    for (const { json } of charts) {
      expect(json.datasource).toEqual(source);
      for (const target of asList(json.targets, 'targets')) expect(target).toMatchObject({ datasource: source });
    }
    for (const variable of variables.slice(1)) expect(variable.datasource).toEqual(source);
  });

  it('lets each variable choose wherever a metric is of a run', () => {
    expect(variables.map(({ name }) => name)).toEqual(['datasource', 'run_id', 'user_id', 'model']);
    for (const variable of variables.slice(1)) {
      expect(variable).toMatchObject({ type: 'query', multi: true, includeAll: true, allValue: '.*' });
    }
    for (const expr of expressions) {
      const isOfRun = !/\b(hw|signal_otel)_/.test(expr);
      const series = expr.match(/\{[^}]*\}/g) ?? [];
      if (isOfRun) expect(series.length).toBeGreaterThan(0);
      for (const matchers of series) {
        for (const name of ['run_id', 'user_id', 'model'])
          expect(matchers.includes(`${name}=~"$${name}"`)).toBe(isOfRun);
      }
    }
  });

  it('asks for quantiles of durations without the calls that failed, and for counters as they grow', () => {
    for (const { kind, name } of catalogue) {
      const asked = expressions.filter((expr) => metricsIn(expr).includes(prometheusNames(name)[0]));
      if (kind === 'histogram') {
        expect(asked.map((expr) => expr.match(/histogram_quantile\(([\d.]+)/)?.[1])).toEqual(['0.5', '0.99']);
        for (const expr of asked) {
          expect(expr).toMatch(/sum by \(run_id, le\) \(rate\(\w+_bucket\{[^}]*error_type=""\}/);
          expect(expr.match(/\{/g)?.length).toBe(expr.match(/error_type=""/g)?.length);
        }
      } else for (const expr of asked) expect(/\bincrease\(/.test(expr)).toBe(kind === 'counter');
    }
  });

  it('tells the lines apart by labels that Prometheus has, and names each by all of them', () => {
    const labels = ['run_id', 'run_sampled', 'check', 'metric', 'signal', 'reason', 'job', 'instance', 'hw_id'];
    for (const { expr, legendFormat } of charts.flatMap(({ targets }) => targets)) {
      // Buckets are summed up before, by one label more.
      const groups = [...expr.matchAll(/ by \(([^)]*)\)/g)].map(([, by = '']) =>
        by.split(', ').filter((label) => label !== 'le'),
      );
      const [by = []] = groups;
      expect(by.filter((label) => !labels.includes(label))).toEqual([]);
      for (const group of groups) expect(group).toEqual(by);
      expect([...legendFormat.matchAll(/\{\{([^}]*)\}\}/g)].map(([, label]) => label)).toEqual(by);
    }
  });

  it('draws the thresholds of the rules that judge values, and those alone', () => {
    const colors = { warning: 'orange', critical: 'red' } as const;
    for (const rule of rules.filter(({ measure }) => measure === 'value')) {
      for (const chart of chartsOf(rule.metric)) {
        expect(chart.thresholdsStyle).toEqual({ mode: 'dashed' });
        expect(chart.thresholds[0]?.value).toBeNull();
        for (const level of ['warning', 'critical'] as const) {
          const { [level]: threshold } = rule;
          if (threshold !== undefined) {
            expect(chart.thresholds).toContainEqual({ value: threshold.value, color: colors[level] });
          }
        }
      }
    }
    const drawn = charts.flatMap(({ thresholds }) => thresholds.filter(({ value }) => value !== null));
    const wanted = rules
      .filter(({ measure }) => measure === 'value')
      .flatMap(({ warning, critical }) => [warning, critical]);
    expect(drawn).toHaveLength(wanted.filter((threshold) => threshold !== undefined).length);
  });

  it('marks the alerts', () => {
    expect(asRecord(dashboard.annotations, 'annotations').list).toEqual([
      expect.objectContaining({
        enable: true,
        datasource: { type: 'prometheus', uid: '$datasource' },
        expr: 'ALERTS{alertname=~"Signal.+", alertstate="firing", run_id=~"$run_id"}',
      }),
    ]);
  });
});
