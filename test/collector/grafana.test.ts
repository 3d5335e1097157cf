import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startNode } from '../support/child.ts';
import { chosen, panelsOf } from '../support/grafana.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { asList, asRecord, asString } from '../support/shape.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dashboard = asRecord(JSON.parse(readFileSync(`${root}/dashboards/grafana.json`, 'utf8')), 'the dashboard');
const expressions = panelsOf(dashboard).flatMap(({ targets }) => targets.map(({ expr }) => expr));

const listOf = (key: 'templating' | 'annotations') =>
  asList(asRecord(dashboard[key], key).list, key).map((item) => asRecord(item, 'an item'));

describe("Grafana's dashboard at a real Prometheus", () => {
  it('asks for what Prometheus can answer, and has it of a run', { timeout: 120_000 }, async () => {
    await using app = await startNode(['--require', 'signal-otel/register', 'test/collector/apps/staying.mjs'], {
      cwd: root,
      env: { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: '0' },
    });
    const [, address = ''] = await app.waitForOutput(/Prometheus metrics at http:\/\/([^/]+)\/metrics/);
    await app.waitForOutput(/"steps"/);
    await using prometheus = await startPrometheus({ scrapeTargets: [address], scrapeIntervalMillis: 200 });
    // A rate needs two scrapes.
    await prometheus.waitForSample('count_over_time(signal_training_loss[1m])', ({ value }) => value >= 2);

    const answers = await Promise.all(
      expressions.map(async (expr) => ({ expr, samples: await prometheus.query(chosen(expr)) })),
    );
    const empty = answers.filter(({ samples }) => samples.length === 0).map(({ expr }) => expr);
    // What this app does not record: the health of runs is off, the machine has no GPU, nothing is delivered by OTLP.
    expect(empty.filter((expr) => !/\b(signal_health|signal_otel|hw)_/.test(expr))).toEqual([]);
    expect(answers.length - empty.length).toBeGreaterThan(20);
    const ofRuns = answers.filter(({ expr }) => /signal_(training|rl|performance)_/.test(expr));
    for (const { samples } of ofRuns) expect(samples[0]?.labels.run_id).toBe('run_known');

    const nonFinite = answers.find(({ expr }) => expr.includes('signal_training_non_finite'));
    expect(nonFinite?.samples).toMatchObject([{ labels: { metric: 'signal.training.loss' }, value: 1 }]);
  });

  it('has variables and annotations that Prometheus can answer', { timeout: 120_000 }, async () => {
    await using prometheus = await startPrometheus();
    for (const { type, definition } of listOf('templating')) {
      if (type !== 'query') continue;
      const [, series = ''] = /^label_values\((.*), \w+\)$/.exec(asString(definition, 'definition')) ?? [];
      expect(await prometheus.query(chosen(series))).toEqual([]);
    }
    for (const { expr } of listOf('annotations'))
      expect(await prometheus.query(chosen(asString(expr, 'expr')))).toEqual([]);
  });
});
