import type { Attributes, LoggerProvider } from '@opentelemetry/api';
import { COMPARISONS, HEALTH_STATUSES, type HealthMeasure } from '../catalogue/index.ts';
import { log } from '../otel/diagnostics.ts';
import { type AlertType, emitEvent, emitServiceCheck } from '../otel/events.ts';
import { guard } from './guard.ts';
import type { HealthChange } from './health.ts';
import { tellHappened } from './run-observer.ts';

/** The run of which health is told. */
export interface ReportedRun {
  readonly runId: string;
  readonly step: number | null;
  /** Of every event of the run. */
  readonly attributes: Attributes;
  readonly loggerProvider: LoggerProvider | undefined;
}

const alertTypes = { ok: 'success', warning: 'warning', critical: 'error' } as const satisfies Record<
  HealthChange['status'],
  AlertType
>;

const words = { ok: 'Recovered', warning: 'Warning', critical: 'Critical' } as const;

/** Tells a change of status: one event and one service check for backends, one line on stderr, the run's observer. */
export function reportHealth(change: HealthChange, run: ReportedRun): void {
  const { rule, status, value } = change;
  const { runId, loggerProvider } = run;
  const word = words[status];
  const title = `${word}: ${rule.title} ${shown(rule.measure, value)} (${runId})`;
  const text = textOf(change, run);
  const alertType = alertTypes[status];
  const attributes = { ...run.attributes, check: rule.check };
  const aggregationKey = `${runId}:${rule.check}`;
  // A host's log pipeline that fails is in the way of neither the other ways nor the values of the step.
  guard('event', () => emitEvent({ title, text, alertType, aggregationKey, attributes }, loggerProvider));
  guard('serviceCheck', () =>
    emitServiceCheck({ check: rule.check, status, message: text, attributes: run.attributes }, loggerProvider),
  );
  tellHappened({ runId, step: run.step, title, text, alertType });
  log[status === 'critical' ? 'warn' : 'info'](`${runId}: ${word}: ${text}`);
}

function textOf(change: HealthChange, { step }: ReportedRun): string {
  const { rule, status, previous } = change;
  const found = `${step === null ? '' : `step ${step}: `}${finding(change)}`;
  if (status === 'ok') return `${found}, well again after ${previous}.`;
  if (HEALTH_STATUSES.indexOf(status) < HEALTH_STATUSES.indexOf(previous)) {
    return `${found}, better after ${previous}, not yet well. ${rule.advice}`;
  }
  return `${found}${limitOf(change)}. ${rule.advice}`;
}

function limitOf({ rule, status }: HealthChange): string {
  const threshold = status === 'ok' ? undefined : rule[status];
  if (threshold === undefined || rule.measure === 'nonFinite') return '';
  const patience = rule.patience > 1 ? `, ${rule.patience} values in a row` : '';
  return ` (${status} ${COMPARISONS[threshold.when]} ${shown(rule.measure, threshold.value)}${patience})`;
}

/** What was judged, in words. */
function finding({ rule: { measure, metric }, value }: HealthChange): string {
  const amount = shown(measure, Math.abs(value));
  switch (measure) {
    case 'value':
      return `${metric} is ${shown(measure, value)}`;
    case 'drop':
      return `${metric} is ${amount} ${value < 0 ? 'above' : 'below'} its recent mean`;
    case 'spike':
      return `${metric} is ${amount} ${value < 0 ? 'below' : 'above'} its recent mean`;
    case 'nonFinite':
      return value === 0 ? 'all values are finite' : `${amount} NaN or infinite`;
    case 'idleSeconds':
      return value === 0 ? 'a step has come' : `no step for ${amount}`;
  }
}

/** A judged number, in its unit. */
function shown(measure: HealthMeasure, value: number): string {
  switch (measure) {
    case 'value':
      return number(value);
    case 'drop':
      return `${number(100 * value)} %`;
    case 'spike':
      return `${number(value)} standard deviations`;
    case 'nonFinite':
      return value === 1 ? '1 value' : `${value} values`;
    case 'idleSeconds':
      return `${Math.floor(value)} s`;
  }
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
