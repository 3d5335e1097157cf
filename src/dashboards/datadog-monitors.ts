import type { v1 } from '@datadog/datadog-api-client';
import {
  HEALTH_STATUSES,
  type HealthRule,
  type HealthStatus,
  type HealthThreshold,
  healthRules,
  isSlow,
  recoveryOf,
} from '../catalogue/index.ts';

/** On every monitor of the package, and on no other. */
export const MANAGED_TAG = 'managed_by:signal-otel';

const RULE_TAG = 'signal_otel_rule:';

/** What a monitor of the package always has. */
type Monitor = v1.Monitor & Required<Pick<v1.Monitor, 'name' | 'message' | 'tags' | 'priority' | 'options'>>;

export interface RuleMonitor {
  /** By this tag the monitor is found again, whatever its name and its id. */
  readonly ruleTag: string;
  readonly monitor: Monitor;
}

export function isRuleTag(tag: string): boolean {
  return tag.startsWith(RULE_TAG);
}

/** Datadog's priorities go from 1 to 5; advice is the least of them. */
const PRIORITY_ALARM = 2;
const PRIORITY_ADVICE = 5;

/**
 * A monitor for each health rule.
 * @param handles whom each notifies: `@slack-ml`.
 */
export function healthMonitors(handles: readonly string[] = []): RuleMonitor[] {
  return healthRules.map((rule) => monitorOf(rule, handles));
}

function monitorOf(rule: HealthRule, handles: readonly string[]): RuleMonitor {
  const ruleTag = RULE_TAG + rule.check;
  const monitor: Monitor = {
    name: `Signal training: ${rule.title}`,
    type: 'query alert',
    message: [...messageOf(rule), ...(handles.length > 0 ? [handles.join(' ')] : [])].join('\n\n'),
    tags: [MANAGED_TAG, ruleTag],
    priority: rule.critical === undefined ? PRIORITY_ADVICE : PRIORITY_ALARM,
    ...judgementOf(rule),
  };
  return { ruleTag, monitor };
}

/** Nobody is told of missing data: a run that has ended is no alarm, and what it left raised ends an hour later. */
function optionsWith(thresholds: v1.MonitorThresholds): v1.MonitorOptions {
  return { thresholds, notifyNoData: false, requireFullWindow: false, includeTags: true, timeoutH: 1 };
}

function judgementOf(rule: HealthRule): Pick<Monitor, 'query' | 'options'> {
  switch (rule.measure) {
    case 'value':
      return byValue(rule);
    case 'nonFinite': {
      const { when, value } = worstOf(rule);
      return {
        query: `sum(last_5m):sum:${rule.metric}{*} by {run_id}.as_count() ${when} ${value}`,
        options: optionsWith({ critical: value }),
      };
    }
    // Datadog has no such measures of a run's own past: the process judges, and tells how.
    case 'drop':
    case 'spike':
    case 'idleSeconds':
      return byStatus(rule);
  }
}

/** A monitor compares by one operator: where the warning's is another, exactly the boundary is judged differently. */
function byValue(rule: HealthRule): Pick<Monitor, 'query' | 'options'> {
  const worst = worstOf(rule);
  const window = isSlow(rule) ? 'last_30m' : 'last_5m';
  return {
    query: `avg(${window}):avg:${rule.metric}{*} by {run_id} ${worst.when} ${worst.value}`,
    options: optionsWith({
      critical: worst.value,
      criticalRecovery: recoveryValue(worst),
      ...(rule.critical !== undefined &&
        rule.warning !== undefined && {
          warning: rule.warning.value,
          warningRecovery: recoveryValue(rule.warning),
        }),
    }),
  };
}

function byStatus(rule: HealthRule): Pick<Monitor, 'query' | 'options'> {
  const critical = numberOf(rule.critical === undefined ? 'warning' : 'critical');
  return {
    query: `max(last_5m):max:signal.health.status{check:${rule.check}} by {run_id} >= ${critical}`,
    options: optionsWith({
      critical,
      ...(rule.critical !== undefined && rule.warning !== undefined && { warning: numberOf('warning') }),
    }),
  };
}

/** A monitor has to have a critical threshold: that of a rule without one is its warning. */
function worstOf({ check, critical, warning }: HealthRule): HealthThreshold {
  const worst = critical ?? warning;
  if (worst === undefined) throw new TypeError(`Health rule ${check} has no threshold`);
  return worst;
}

/** As one would write it: a tenth less than 0.1 is 0.09 and not 0.09000000000000001. */
function recoveryValue(threshold: HealthThreshold): number {
  return Number(recoveryOf(threshold).value.toPrecision(12));
}

function numberOf(status: HealthStatus): number {
  return HEALTH_STATUSES.indexOf(status);
}

function messageOf(rule: HealthRule): string[] {
  const { title, measure, advice, suits } = rule;
  const subject = `${title}: run {{run_id.name}}`;
  const isJudgedHere = measure === 'value' || measure === 'nonFinite';
  const told = (threshold: string) =>
    isJudgedHere
      ? `is at {{value}}, threshold {{${threshold}}}`
      : 'judges its status as {{value}} (1 warning, 2 critical)';
  const hasWarning = rule.critical !== undefined && rule.warning !== undefined;
  return [
    `{{#is_alert}}${subject} ${told('threshold')}.{{/is_alert}}`,
    ...(hasWarning ? [`{{#is_warning}}${subject} ${told('warn_threshold')}.{{/is_warning}}`] : []),
    `{{#is_recovery}}${subject} is good again.{{/is_recovery}}`,
    ...(rule.critical === undefined ? ['This is advice, not an alarm.'] : []),
    `**What to do:** ${advice}`,
    `**What is judged:** ${suits}`,
  ];
}
