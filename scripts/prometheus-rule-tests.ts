import { type HealthLevel, type HealthRule, healthRules, isSlow } from '../src/catalogue/index.ts';
import { prometheusName } from '../src/dashboards/prometheus-query.ts';
import { type AlertRule, alertName, prometheusRules } from '../src/dashboards/prometheus-rules.ts';
import { badOf, goodOf, sidesOf } from './threshold-sides.ts';

/**
 * Unit tests of the alert rules, for `promtool test rules`. What is expected follows from the thresholds of the health
 * rules: it knows nothing of the expressions of the alerts.
 */

interface Expected {
  /** In minutes. */
  readonly at: number;
  /** What fires for the run, and nothing beside it. */
  readonly level?: HealthLevel | undefined;
}

interface Scenario {
  readonly name: string;
  /** Samples of the run in promtool's notation, one each half minute; more than one series where they have labels. */
  readonly series: Readonly<Record<string, string>>;
  readonly expected: readonly Expected[];
  /** The value that each alert tells of, at the first expectation of its level. */
  readonly told?: string;
}

const RUN = 'run_0123456789abcdef';

/** Half a minute between two samples, and between two evaluations. */
const INTERVAL = '30s';

export function ruleTests(ruleFile: string) {
  return {
    rule_files: [ruleFile],
    evaluation_interval: INTERVAL,
    tests: healthRules.flatMap((rule) => scenariosOf(rule).map((scenario) => testOf(rule, scenario))),
  };
}

function testOf(rule: HealthRule, { name, series, expected, told }: Scenario) {
  const alert = alertName(rule);
  const first = expected.find(({ level }) => level !== undefined);
  return {
    name: `${rule.check}: ${name}`,
    interval: INTERVAL,
    input_series: Object.entries(series).map(([of, values]) => ({ series: of, values })),
    promql_expr_test: expected.map(({ at, level }) => ({
      expr: 'ALERTS',
      eval_time: duration(at),
      exp_samples:
        level === undefined
          ? []
          : [
              {
                labels: `ALERTS{alertname="${alert}", alertstate="firing", check="${rule.check}", run_id="${RUN}", severity="${level}"}`,
                value: 1,
              },
            ],
    })),
    ...(told !== undefined &&
      first?.level !== undefined && {
        alert_rule_test: [
          {
            eval_time: duration(first.at),
            alertname: alert,
            exp_alerts: [
              {
                exp_labels: { severity: first.level, check: rule.check, run_id: RUN },
                exp_annotations: written(annotationsOf(alert, first.level), told),
              },
            ],
          },
        ],
      }),
  };
}

function scenariosOf(rule: HealthRule): Scenario[] {
  switch (rule.measure) {
    case 'value':
      return isSlow(rule) ? slowScenarios(rule) : quickScenarios(rule);
    case 'nonFinite':
      return nonFiniteScenarios(rule);
    case 'drop':
    case 'spike':
    case 'idleSeconds':
      return statusScenarios(rule);
  }
}

/** On both sides of each threshold, for one sample among good ones; then from level to level. */
function quickScenarios(rule: HealthRule): Scenario[] {
  const of = seriesOf(rule);
  const good = goodOf(rule);
  const once = sidesOf(rule).map(
    ({ name, value, level }): Scenario => ({
      name: `${name}, once`,
      series: of(`${good}x9 ${value} ${good}x60`),
      expected: [{ at: 4.5 }, { at: 5, level }, { at: 9, level }, { at: 12.5 }],
      told: `${value}`,
    }),
  );
  const { warning, critical } = rule;
  if (warning === undefined || critical === undefined) return once;
  const between = (warning.value + critical.value) / 2;
  const worse = badOf(critical);
  return [
    ...once,
    {
      name: 'a warning gives way to its critical, and comes back after it',
      series: of(`${good}x3 ${between}x5 ${worse} ${between}x39 ${good}x60`),
      expected: [
        { at: 1.5 },
        { at: 4.5, level: 'warning' },
        { at: 5, level: 'critical' },
        { at: 10, level: 'critical' },
        { at: 15, level: 'warning' },
        { at: 25, level: 'warning' },
        { at: 35 },
      ],
    },
  ];
}

/** The same values for more than an hour, on both sides of each threshold; then good ones. */
function slowScenarios(rule: HealthRule): Scenario[] {
  const of = seriesOf(rule);
  const good = goodOf(rule);
  const lasting = sidesOf(rule).map(
    ({ name, value, level }): Scenario => ({
      name: `${name}, for an hour`,
      series: of(`${value}x140 ${good}x140`),
      // Not at once: a run that has just begun is bad by nature.
      expected: [{ at: 0 }, { at: 25 }, { at: 35, level }, { at: 70, level }, { at: 115 }],
      told: `${value}`,
    }),
  );
  const worst = rule.critical ?? rule.warning;
  const bad = worst === undefined ? good : badOf(worst);
  return [
    ...lasting,
    {
      name: 'a bad minute of a good run',
      series: of(`${good}x140 ${bad}x1 ${good}x60`),
      expected: [{ at: 70.5 }, { at: 72 }, { at: 80 }],
    },
  ];
}

function statusScenarios(rule: HealthRule): Scenario[] {
  const status = (values: string) => ({
    [`${prometheusName('signal.health.status')}{run_id="${RUN}", check="${rule.check}"}`]: values,
    [`${prometheusName('signal.health.status')}{run_id="${RUN}", check="another"}`]: '2x80',
  });
  const level = rule.warning === undefined ? undefined : 'warning';
  const warned: Scenario = {
    name: 'a warning by the process',
    series: status('0x9 1 0x60'),
    expected: [{ at: 4.5 }, { at: 5, level }, { at: 15 }],
    told: '1',
  };
  if (rule.critical === undefined) return [warned];
  const critical = 'critical';
  return [
    warned,
    {
      name: 'critical by the process, between warnings',
      series: status('0x3 1x5 2 1x39 0x60'),
      expected: [{ at: 1.5 }, { at: 4.5, level }, { at: 5, level: critical }, { at: 15, level }, { at: 35 }],
    },
    {
      name: 'critical by the process, at once',
      series: status('0x9 2 0x60'),
      expected: [
        { at: 4.5 },
        { at: 5, level: critical },
        // Where one good value is enough, nothing is kept.
        ...(rule.recovery > 1 ? [{ at: 11.5, level: critical } as const, { at: 12.5 }] : [{ at: 8 }]),
      ],
      told: '2',
    },
  ];
}

function nonFiniteScenarios(rule: HealthRule): Scenario[] {
  const of = (metric: string) => `${prometheusName(rule.metric)}{run_id="${RUN}", metric="${metric}"}`;
  const loss = of('signal.training.loss');
  const level = 'critical';
  return [
    { name: 'a counter at 0', series: { [loss]: '0x80' }, expected: [{ at: 0 }, { at: 5 }, { at: 30 }] },
    {
      name: 'a counter that begins at 1',
      series: { [loss]: '_x10 1x80' },
      expected: [{ at: 4.5 }, { at: 5, level }, { at: 9.5, level }, { at: 16 }, { at: 40 }],
      told: '1',
    },
    {
      name: 'a counter that is seen once, in a process that ends',
      series: { [loss]: '_x10 3 stale' },
      expected: [{ at: 4.5 }, { at: 5, level }, { at: 9, level }, { at: 16 }],
      told: '3',
    },
    {
      name: 'a counter that has long been there and goes on',
      series: { [loss]: '7x60 8x60' },
      expected: [{ at: 20 }, { at: 30 }, { at: 31, level }, { at: 34, level }, { at: 50 }],
    },
    {
      name: 'another metric becomes non-finite, too',
      series: { [loss]: '7x140', [of('signal.training.grad_norm')]: '_x60 2x80' },
      expected: [{ at: 29.5 }, { at: 30, level }, { at: 50 }],
      told: '2',
    },
  ];
}

/** A series of the run, and one of a run that goes well. */
function seriesOf({ metric }: HealthRule): (values: string) => Readonly<Record<string, string>> {
  return (values) => ({
    [`${prometheusName(metric)}{run_id="${RUN}", model="m"}`]: values,
    [`${prometheusName(metric)}{run_id="run_that_goes_well", model="m"}`]: `${goodOf({ metric })}x280`,
  });
}

function annotationsOf(alert: string, level: HealthLevel): AlertRule['annotations'] {
  const rules = prometheusRules().groups.flatMap((group) => group.rules);
  const rule = rules.find((candidate) => candidate.alert === alert && candidate.labels.severity === level);
  if (rule === undefined) throw new TypeError(`There is no alert ${alert} of level ${level}`);
  return rule.annotations;
}

/** The texts of an alert as Prometheus writes them. */
function written(annotations: AlertRule['annotations'], value: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).map(([name, text]) => [
      name,
      text.replaceAll('{{ $labels.run_id }}', RUN).replace(/\{\{ printf "[^"]*" \$value \}\}/g, value),
    ]),
  );
}

function duration(minutes: number): string {
  return `${Math.round(minutes * 60)}s`;
}
