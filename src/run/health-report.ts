import type { Attributes, LoggerProvider } from '@opentelemetry/api';
import type { HealthRule, HealthThreshold } from '../catalogue/index.ts';
import { log } from '../otel/diagnostics.ts';
import { type AlertType, emitEvent, emitServiceCheck } from '../otel/events.ts';
import type { HealthChange } from './health.ts';

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

/** Tells a change of status: one event and one service check for backends, one line on stderr. */
export function reportHealth(change: HealthChange, run: ReportedRun): void {
  const { rule, status, value } = change;
  const title = `${words[status]}: ${rule.title} ${number(value)}`;
  const text = textOf(change, run);
  const attributes = { ...run.attributes, check: rule.check };
  const alertType = alertTypes[status];
  const aggregationKey = `${run.runId}:${rule.check}`;
  emitEvent({ title: `${title} (${run.runId})`, text, alertType, aggregationKey, attributes }, run.loggerProvider);
  emitServiceCheck({ check: rule.check, status, message: text, attributes: run.attributes }, run.loggerProvider);
  log[status === 'critical' ? 'warn' : 'info'](`${run.runId}: ${title}. ${text}`);
}

function textOf({ rule, status, previous, value }: HealthChange, { step }: ReportedRun): string {
  const at = step === null ? '' : ` at step ${step}`;
  if (status === 'ok') return `${subject(rule)} is ${number(value)}${at}, well again after ${previous}.`;
  const threshold = rule[status];
  const why = threshold === undefined ? '' : `, ${comparison(threshold)} ${number(threshold.value)}`;
  const patience = rule.patience > 1 ? `, as in the ${rule.patience - 1} values before` : '';
  return `${subject(rule)} is ${number(value)}${why}${at}${patience}. ${rule.advice}`;
}

/** What is judged, in words. */
function subject({ measure, metric }: HealthRule): string {
  switch (measure) {
    case 'value':
      return metric;
    case 'drop':
      return `The share by which ${metric} is below its recent mean`;
    case 'spike':
      return `The distance of ${metric} from its recent mean, in standard deviations,`;
    case 'nonFinite':
      return 'The number of values that are NaN or infinite';
    case 'idleSeconds':
      return 'The time without a step, in seconds,';
  }
}

function comparison({ when }: HealthThreshold): string {
  return { '>': 'above', '>=': 'at or above', '<': 'below', '<=': 'at or below' }[when];
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
