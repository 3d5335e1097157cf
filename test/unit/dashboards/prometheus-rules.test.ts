import { describe, expect, it } from 'vitest';
import { catalogue, type HealthRule, healthRules } from '../../../src/catalogue/index.ts';
import { prometheusNames } from '../../../src/dashboards/prometheus-query.ts';
import { prometheusRules } from '../../../src/dashboards/prometheus-rules.ts';

// What the alerts do is for promtool: test/collector/rules.test.ts.

const rules: readonly HealthRule[] = healthRules;
const alerts = prometheusRules().groups.flatMap((group) => group.rules);

describe("Prometheus's alerts", () => {
  it('are one for each rule and level, with what the rule says', () => {
    const wanted = rules.flatMap((rule) =>
      (['critical', 'warning'] as const)
        .filter((severity) => rule[severity] !== undefined)
        .map((severity) => ({ check: rule.check, severity, advice: rule.advice, suits: rule.suits })),
    );
    expect(alerts.map(({ labels, annotations: { advice, suits } }) => ({ ...labels, advice, suits }))).toEqual(wanted);
  });

  it('tell of the run and the value', () => {
    for (const { annotations } of alerts) {
      expect(annotations.summary).toContain('{{ $labels.run_id }}');
      expect(annotations.description).toContain('{{ $labels.run_id }}');
      expect(annotations.description).toContain('$value }}');
    }
  });

  it('ask for metrics of the catalogue alone', () => {
    const known: readonly string[] = catalogue.flatMap(({ name }) => prometheusNames(name));
    for (const { expr } of alerts) {
      const asked = expr.match(/\bsignal_[a-z_]+/g) ?? [];
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.filter((name) => !known.includes(name))).toEqual([]);
    }
  });

  it('let a warning give way while its critical holds, also before Prometheus has written ALERTS', () => {
    const warnings = alerts.filter(({ labels }) => labels.severity === 'warning');
    for (const { alert, expr, keep_firing_for } of warnings) {
      const critical = alerts.find((other) => other.alert === alert && other.labels.severity === 'critical');
      if (critical === undefined) continue;
      expect(expr).toContain(`unless on (run_id) (${critical.expr} or `);
      expect(expr).toContain(`ALERTS{alertname="${alert}", severity="critical", alertstate="firing"}`);
      // Kept, it would fire on beside its critical.
      expect(keep_firing_for).toBeUndefined();
    }
    expect(warnings.filter(({ expr }) => expr.includes(' unless on (run_id) ('))).toHaveLength(4);
  });
});
