import {
  HEALTH_STATUSES,
  type HealthLevel,
  type HealthRule,
  type HealthThreshold,
  healthRules,
  isSlow,
  isUpper,
  shortName,
  toCamelCase,
} from '../catalogue/index.ts';
import { describeThreshold } from './markdown.ts';
import { growth, prometheusName } from './prometheus-query.ts';

/** An alert as Prometheus's rule files have it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly keep_firing_for?: string;
  readonly labels: { readonly severity: HealthLevel; readonly check: string };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly advice: string;
    readonly suits: string;
  };
}

export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
}

/**
 * How much of the past one look takes in: more than the minute that usually lies between two, and the 10 s after which
 * an export brings points with times of their own. One bad value is enough for a rule without patience.
 */
const LOOK = '2m';

/** How long an alert stays after the last bad value that was looked at: as the process waits for good ones in a row. */
const KEEP = '5m';

/**
 * How much of the past a warning looks at whose rule has a critical level, too: instead of being kept, which nothing
 * could end the moment its critical comes. Less than LOOK and KEEP together: what was critical is not a warning then.
 */
const WARNING_LOOK = '5m';

/**
 * Patience is counted in values, of which Prometheus has a few. It goes by the average of half an hour: one good value
 * among bad ones begins nothing anew, as it would by `for`, and warning and critical follow one another without a gap.
 */
const SLOW = '30m';

/** How long non-finite values are told of. */
const RECENT = '5m';

/** A group of alerts out of the health rules: one for each rule and level. */
export function prometheusRules(): RuleFile {
  return { groups: [{ name: 'signal-otel', rules: healthRules.flatMap(alertsOf) }] };
}

/** `signal.rl.kl_divergence` -> `SignalKlDivergence` */
export function alertName({ check }: Pick<HealthRule, 'check'>): string {
  return `Signal${toCamelCase(`_${shortName(check)}`)}`;
}

/** The critical one first: in the same evaluation its warning asks whether it fires. */
function alertsOf(rule: HealthRule): AlertRule[] {
  const { critical, warning } = rule;
  return [
    ...(critical === undefined ? [] : [alertOf(rule, 'critical', critical)]),
    ...(warning === undefined ? [] : [alertOf(rule, 'warning', warning)]),
  ];
}

function alertOf(rule: HealthRule, severity: HealthLevel, threshold: HealthThreshold): AlertRule {
  const givesWay = severity === 'warning' && rule.critical !== undefined;
  return {
    alert: alertName(rule),
    expr: givesWay ? givingWay(rule, threshold, rule.critical) : judgementOf(rule, severity, threshold, LOOK),
    ...(!givesWay && rule.recovery > 1 && { keep_firing_for: KEEP }),
    labels: { severity, check: rule.check },
    annotations: {
      summary: `${rule.title}: ${severity} for run {{ $labels.run_id }}`,
      description: describe(rule, severity, threshold),
      advice: rule.advice,
      suits: rule.suits,
    },
  };
}

/**
 * A warning, unless its critical holds or is kept. ALERTS alone would not do: Prometheus writes none until it has
 * evaluated the rules a few times.
 */
function givingWay(rule: HealthRule, warning: HealthThreshold, critical: HealthThreshold): string {
  const kept = `ALERTS{alertname="${alertName(rule)}", severity="critical", alertstate="firing"}`;
  const holds = judgementOf(rule, 'critical', critical, LOOK);
  return `${judgementOf(rule, 'warning', warning, WARNING_LOOK)} unless on (run_id) (${holds} or on (run_id) ${kept})`;
}

function judgementOf(rule: HealthRule, level: HealthLevel, { when, value }: HealthThreshold, look: string): string {
  const series = prometheusName(rule.metric);
  switch (rule.measure) {
    case 'value': {
      if (isSlow(rule)) {
        // A run that has just begun is bad by nature: it has to be older than what is averaged.
        const isOld = `present_over_time(${series}[${SLOW}] offset ${SLOW})`;
        return `avg by (run_id) (avg_over_time(${series}[${SLOW}])) ${when} ${value} and on (run_id) ${isOld}`;
      }
      const worst = isUpper({ when, value }) ? 'max' : 'min';
      return `${worst} by (run_id) (${worst}_over_time(${series}[${look}])) ${when} ${value}`;
    }
    case 'nonFinite':
      return `sum by (run_id) (${growth(series, RECENT)}) ${when} ${value}`;
    // Prometheus cannot tell a run's own recent past from its scrapes: the process judges, and tells how.
    case 'drop':
    case 'spike':
    case 'idleSeconds': {
      const status = `${prometheusName('signal.health.status')}{check="${rule.check}"}`;
      return `max by (run_id) (max_over_time(${status}[${look}])) >= ${HEALTH_STATUSES.indexOf(level)}`;
    }
  }
}

function describe(rule: HealthRule, level: HealthLevel, threshold: HealthThreshold): string {
  return `Run {{ $labels.run_id }}: ${told(rule)} (${level}: ${describeThreshold(rule, threshold)}).`;
}

function told(rule: HealthRule): string {
  const { measure, metric } = rule;
  const value = '{{ printf "%.4g" $value }}';
  switch (measure) {
    case 'value':
      return isSlow(rule) ? `${metric} averages ${value} over the last half hour` : `${metric} has been at ${value}`;
    case 'nonFinite':
      return `about {{ printf "%.0f" $value }} values of the last five minutes were NaN or infinite`;
    case 'drop':
    case 'spike':
    case 'idleSeconds':
      return `the process judges ${metric} with status ${value}`;
  }
}
