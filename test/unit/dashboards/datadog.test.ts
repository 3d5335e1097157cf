import * as datadog from '@datadog/datadog-api-client';
import { describe, expect, it } from 'vitest';
import { catalogue, findMetric, type HealthRule, healthRules } from '../../../src/catalogue/index.ts';
import { DASHBOARD_MARKER, trainingDashboard } from '../../../src/dashboards/datadog-dashboard.ts';
import { toJson } from '../../../src/dashboards/datadog-json.ts';
import { metricSettings } from '../../../src/dashboards/datadog-metrics.ts';
import { healthMonitors, MANAGED_TAG } from '../../../src/dashboards/datadog-monitors.ts';
import {
  checkDashboard,
  checkMetadata,
  checkMonitor,
  parseQuery,
  problemsOf,
  queriesOf,
  readModel,
  widgetsOf,
} from '../../support/datadog-checks.ts';

const dashboard = trainingDashboard();
const widgets = widgetsOf(dashboard.widgets);
const queries = queriesOf(dashboard);
const rules: readonly HealthRule[] = healthRules;

/** What is drawn in a place of the first rows: titles by their corner. */
const titleAt = (x: number, y: number) => {
  const found = dashboard.widgets.find(({ layout }) => layout?.x === x && layout.y === y);
  return found !== undefined && 'title' in found.definition ? found.definition.title : undefined;
};

const chartOf = (metric: string) => widgets.filter((widget) => queriesOf(widget).some((q) => q.includes(`${metric}{`)));

describe("Datadog's dashboard", () => {
  it('is what the client knows, and what Datadog takes', () => {
    const model = readModel('Dashboard', toJson(datadog, 'Dashboard', dashboard));
    expect(problemsOf(model)).toEqual([]);
    checkDashboard(model);
    expect(toJson(datadog, 'Dashboard', model)).toEqual(toJson(datadog, 'Dashboard', dashboard));
    expect(dashboard.description?.endsWith(DASHBOARD_MARKER)).toBe(true);
  });

  it('shows each metric of the catalogue, and no other', () => {
    const shown = new Set(queries.map((query) => parseQuery(query).metric));
    expect([...shown].sort()).toEqual(catalogue.map(({ name }) => name).sort());
  });

  it('begins in the layout of the guide', () => {
    const rows = [0, 3, 6, 9].map((y) => [titleAt(0, y), titleAt(6, y)]);
    expect(rows).toEqual([
      ['Training loss', 'Learning rate'],
      ['KL divergence', 'Clip fraction'],
      ['GPU utilization', 'Queue depth'],
      ['Forward-backward latency (p50, p99)', undefined],
    ]);
    expect(dashboard.widgets.find(({ layout }) => layout?.y === 9)?.layout?.width).toBe(12);
  });

  it('lets no two widgets lie on one another, and no group be too low for its charts', () => {
    for (const list of [
      dashboard.widgets,
      ...dashboard.widgets.flatMap(({ definition }) => ('widgets' in definition ? [definition.widgets] : [])),
    ]) {
      const cells = list.flatMap(({ layout = { x: 0, y: 0, width: 0, height: 0 } }) =>
        Array.from({ length: layout.width * layout.height }, (_, index) => {
          return `${layout.x + (index % layout.width)},${layout.y + Math.floor(index / layout.width)}`;
        }),
      );
      expect(new Set(cells).size).toBe(cells.length);
    }
    for (const { definition, layout } of dashboard.widgets) {
      if (!('widgets' in definition)) continue;
      const bottoms = definition.widgets.map((widget) => (widget.layout?.y ?? 0) + (widget.layout?.height ?? 0));
      expect(layout?.height).toBe(Math.max(...bottoms) + 1);
    }
  });

  it('asks for counters as counts, and leaves failed calls out of durations', () => {
    expect(queries).toContain('avg:signal.training.loss{$run_id,$user_id,$model,$env} by {run_id}');
    for (const query of queries) {
      const { metric, scope } = parseQuery(query);
      const kind = findMetric(metric)?.kind;
      expect(query.startsWith('sum:') && query.endsWith('.as_count()')).toBe(kind === 'counter');
      expect(scope.includes('!error.type:*')).toBe(kind === 'histogram');
      expect(/^p(50|99):/.test(query)).toBe(kind === 'histogram');
    }
    for (const { name } of catalogue.filter(({ kind }) => kind === 'histogram')) {
      const asked = queries.filter((query) => query.includes(`:${name}{`)).map((query) => query.slice(0, 3));
      expect(asked).toEqual(['p50', 'p99']);
    }
  });

  it('lets each variable choose in each query that has its tag, and never asks for {run_id:*}', () => {
    expect(dashboard.templateVariables?.map(({ name }) => name)).toEqual(['run_id', 'user_id', 'model', 'env']);
    for (const query of queries) {
      const { metric, scope, by } = parseQuery(query);
      const variables = scope.split(',').filter((part) => part.startsWith('$'));
      const isOfRun = !/^(hw|signal\.otel)\./.test(metric);
      expect(variables).toEqual(isOfRun ? ['$run_id', '$user_id', '$model', '$env'] : ['$env']);
      expect(by.includes('run_id')).toBe(isOfRun);
      expect(scope).not.toContain('run_id:');
    }
  });

  it('uses each query of a chart in a formula', () => {
    const requests = widgets.flatMap(({ definition }) =>
      'requests' in definition ? [definition.requests].flat() : [],
    );
    expect(requests.length).toBeGreaterThan(20);
    for (const request of requests) {
      if (!('queries' in request && 'formulas' in request)) throw new Error('a chart without formulas');
      const names = request.queries?.map((query) => ('name' in query ? query.name : undefined));
      expect(request.formulas?.map(({ formula }) => formula)).toEqual(names);
    }
  });

  it('draws the thresholds of the rules that judge values, and those alone', () => {
    for (const { metric, measure, warning, critical } of rules) {
      const drawn = chartOf(metric).flatMap(({ definition }) => ('markers' in definition ? definition.markers : []));
      const wanted = [
        ...(warning ? [{ value: `y = ${warning.value}`, displayType: 'warning dashed' }] : []),
        ...(critical ? [{ value: `y = ${critical.value}`, displayType: 'error dashed' }] : []),
      ];
      if (measure === 'value') {
        for (const marker of wanted) expect(drawn).toContainEqual(expect.objectContaining(marker));
      } else if (!rules.some((other) => other.metric === metric && other.measure === 'value')) {
        expect(drawn).toEqual([]);
      }
    }
    const markers = widgets.flatMap(({ definition }) => ('markers' in definition ? (definition.markers ?? []) : []));
    const thresholds = rules
      .filter(({ measure }) => measure === 'value')
      .flatMap((rule) => [rule.warning, rule.critical]);
    expect(markers).toHaveLength(thresholds.filter((threshold) => threshold !== undefined).length);
  });

  it("overlays the package's events", () => {
    const charts = widgets.filter(({ definition }) => 'requests' in definition);
    expect(charts.length).toBeGreaterThan(20);
    for (const { definition } of charts) {
      expect(definition).toMatchObject({ events: [{ q: expect.stringContaining('tags:source:signal-otel') }] });
      expect(definition).toMatchObject({ events: [{ q: expect.stringContaining('tags:$run_id') }] });
    }
  });
});

describe("Datadog's monitors", () => {
  const monitors = healthMonitors();

  it('are what the client knows, and what Datadog takes', () => {
    for (const { monitor } of monitors) {
      const model = readModel('Monitor', toJson(datadog, 'Monitor', monitor));
      checkMonitor(model);
      expect(toJson(datadog, 'Monitor', model)).toEqual(toJson(datadog, 'Monitor', monitor));
    }
  });

  it('are one for each rule, found by its tag', () => {
    expect(monitors.map(({ monitor }) => monitor.tags)).toEqual(
      rules.map(({ check }) => [MANAGED_TAG, `signal_otel_rule:${check}`]),
    );
    expect(monitors.map(({ ruleTag }) => ruleTag)).toEqual(monitors.map(({ monitor }) => monitor.tags[1]));
    expect(new Set(monitors.map(({ monitor }) => monitor.name)).size).toBe(rules.length);
  });

  it('ask as the rules judge', () => {
    const judged = monitors.map(({ monitor: { query, options, priority } }) => ({
      query,
      priority,
      ...options.thresholds,
    }));
    expect(judged).toEqual([
      {
        query: 'avg(last_5m):avg:signal.rl.kl_divergence{*} by {run_id} > 0.1',
        priority: 2,
        critical: 0.1,
        criticalRecovery: 0.09,
        warning: 0.05,
        warningRecovery: 0.045,
      },
      {
        query: 'avg(last_30m):avg:signal.rl.clip_fraction{*} by {run_id} < 0.1',
        priority: 5,
        critical: 0.1,
        criticalRecovery: 0.11,
      },
      {
        query: 'avg(last_5m):avg:signal.rl.clip_fraction{*} by {run_id} > 0.5',
        priority: 5,
        critical: 0.5,
        criticalRecovery: 0.45,
      },
      {
        query: 'avg(last_30m):avg:signal.rl.explained_variance{*} by {run_id} < 0.5',
        priority: 2,
        critical: 0.5,
        criticalRecovery: 0.55,
        warning: 0.7,
        warningRecovery: 0.77,
      },
      {
        query: 'max(last_5m):max:signal.health.status{check:signal.rl.entropy_drop} by {run_id} >= 2',
        priority: 2,
        critical: 2,
        warning: 1,
      },
      {
        query: 'max(last_5m):max:signal.health.status{check:signal.training.loss_spike} by {run_id} >= 2',
        priority: 2,
        critical: 2,
        warning: 1,
      },
      { query: 'sum(last_5m):sum:signal.training.non_finite{*} by {run_id}.as_count() > 0', priority: 2, critical: 0 },
      {
        query: 'max(last_5m):max:signal.health.status{check:signal.training.stalled} by {run_id} >= 2',
        priority: 2,
        critical: 2,
      },
    ]);
  });

  it('say what is wrong, what to do, and when it is over; advice says that it is advice', () => {
    for (const [index, { monitor }] of monitors.entries()) {
      const rule = rules[index];
      for (const part of [rule?.title, rule?.advice, rule?.suits, '{{#is_recovery}}', '{{run_id.name}}', '{{value}}']) {
        expect(monitor.message).toContain(part);
      }
      expect(monitor.message.includes('This is advice')).toBe(rule?.critical === undefined);
      expect(monitor.message.includes('{{#is_warning}}')).toBe(monitor.options.thresholds?.warning !== undefined);
      expect(monitor.message).not.toMatch(/@|[^\S\n]\n|\s$/);
      expect(monitor.options).toMatchObject({ notifyNoData: false, requireFullWindow: false });
    }
  });

  it('notify whom they are told to', () => {
    for (const { monitor } of healthMonitors(['@slack-ml', '@me@example.com'])) {
      expect(monitor.message.split('\n').at(-1)).toBe('@slack-ml @me@example.com');
    }
  });
});

describe('what Datadog is told of metrics', () => {
  const settings = metricSettings();

  it('is there for each of the catalogue, in units that Datadog has', () => {
    expect(settings.map(({ name }) => name)).toEqual(catalogue.map(({ name }) => name));
    for (const { name, metadata } of settings) {
      expect(metadata.description).toBe(findMetric(name)?.description);
      checkMetadata(readModel('MetricMetadata', toJson(datadog, 'MetricMetadata', metadata)));
    }
    const unit = (name: string) => settings.find((metric) => metric.name === name)?.metadata.unit;
    expect(unit('signal.performance.gpu_memory_used_gb')).toBe('gibibyte');
    expect(unit('signal.performance.optim_step_duration_ms')).toBe('millisecond');
    expect(unit('signal.training.loss')).toBeUndefined();
  });

  it('switches percentiles on for each histogram, and makes no tag unavailable', () => {
    const histograms = catalogue.filter(({ kind }) => kind === 'histogram').map(({ name }) => name);
    const configured = settings.flatMap(({ name, tagConfiguration }) =>
      tagConfiguration ? [[name, tagConfiguration]] : [],
    );
    expect(configured).toEqual(
      histograms.map((id) => [
        id,
        {
          id,
          type: 'manage_tags',
          attributes: { metricType: 'distribution', includePercentiles: true, excludeTagsMode: true, tags: [] },
        },
      ]),
    );
  });
});
