import type { LoggerProvider, MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { FieldsOf, performanceMetrics, rlMetrics, trainingMetrics } from '../catalogue/index.ts';
import type { Tags } from '../otel/attributes.ts';
import { readOptions, requireMethod, requireTags, requireText } from '../otel/options.ts';
import { type CheckedHealth, checkHealth, type HealthOptions } from './health-options.ts';
import { checkOmitted, type OmittedAttribute } from './omitted.ts';

export interface MetricsCollectorOptions {
  /** The run's id as `POST /runs` returned it; the attribute `run_id` of every point and span. */
  readonly runId: string;
  /** The attribute `user_id`. */
  readonly userId?: string | undefined;
  /** The base model; the attribute `model`. */
  readonly model?: string | undefined;
  /** Further attributes of every point and span: `["team:ml"]` or `{ team: 'ml' }`. */
  readonly tags?: Tags | undefined;
  /** How many calls the local history holds. Default 1000; 0 keeps none. The summary covers all calls regardless. */
  readonly historySize?: number | undefined;
  /** `false` keeps the run in this process: history and summary work, no metric, span or event leaves. Default true. */
  readonly enableDatadog?: boolean | undefined;
  /**
   * Attributes to leave out of the metrics; spans keep them. Datadog bills each combination of tags as a custom metric.
   * `run_id` is what multiplies them; `user_id` and `model` follow from it, and cost only where it is left out. Runs
   * whose points have the same attributes share a series: counts add up, histograms merge, of a gauge the last value
   * stays. Default: none.
   * @example ['user_id', 'run_id:signal.performance.*'] // user_id of all metrics, run_id of those
   */
  readonly omitAttributes?: readonly OmittedAttribute[] | undefined;
  /**
   * The share of runs, from 0 to 1, that send their metrics; chosen by the run's id, alike in every process. A run that
   * is left out still sends its events, alarms and spans, with the attribute `run_sampled: false`; its history, summary
   * and health work. Default 1.
   */
  readonly runSampleRatio?: number | undefined;
  /** Thresholds of the run's own, by rule; `false` where its health is not to be judged. */
  readonly health?: HealthOptions | boolean | undefined;
  /** Default: the globally registered one, also where it is registered later. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Default: the globally registered one, also where it is registered later. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Of events. Default: the globally registered one, also where it is registered later. */
  readonly loggerProvider?: LoggerProvider | undefined;
}

export interface StepField {
  /** The training step, a whole number from 0. */
  readonly step?: number | null | undefined;
}

export type TrainingMetrics = FieldsOf<typeof trainingMetrics> & {
  readonly step: number;
  /** Further numbers, each a gauge `signal.training.<key>`. They never replace a field of the call. */
  readonly extraMetrics?: Readonly<Record<string, number | null | undefined>> | null | undefined;
};
export type RlMetrics = FieldsOf<typeof rlMetrics> & StepField;
export type PerformanceMetrics = FieldsOf<typeof performanceMetrics> & StepField;

export interface CollectResultOptions {
  /** As in the request. While gradients accumulate, a `grad_norm` of 0 means "not synchronised yet": it is left out. */
  readonly accumulate?: boolean | undefined;
}

const OPTIONS = [
  'runId',
  'userId',
  'model',
  'tags',
  'historySize',
  'enableDatadog',
  'omitAttributes',
  'runSampleRatio',
  'health',
  'meterProvider',
  'tracerProvider',
  'loggerProvider',
] as const satisfies readonly (keyof MetricsCollectorOptions)[];

/** The options, with those that have a default filled in. */
export interface CheckedOptions extends Omit<MetricsCollectorOptions, 'health'> {
  readonly health: CheckedHealth;
  readonly historySize: number;
  readonly enableDatadog: boolean;
  readonly omitAttributes: readonly OmittedAttribute[];
  readonly runSampleRatio: number;
}

const DEFAULT_HISTORY_SIZE = 1_000;

/** @throws TypeError saying what to write instead. */
export function checkCollectorOptions(options: MetricsCollectorOptions): CheckedOptions {
  const where = 'createMetricsCollector';
  const { historySize = DEFAULT_HISTORY_SIZE, enableDatadog = true, ...read } = readOptions(where, options, OPTIONS);
  const { runId, userId, model, tags, meterProvider, tracerProvider, loggerProvider } = read;
  requireText(where, 'runId', runId, 'pass the run_id that POST /runs returned');
  for (const [option, value] of Object.entries({ userId, model })) {
    if (value !== undefined) requireText(where, option, value, 'leave it out where there is none');
  }
  requireTags(where, 'tags', tags);
  if (!Number.isSafeInteger(historySize) || historySize < 0) {
    throw new TypeError(`${where}: historySize must be a whole number from 0`);
  }
  if (typeof enableDatadog !== 'boolean') throw new TypeError(`${where}: enableDatadog must be true or false`);
  const omitAttributes = checkOmitted(`${where}: omitAttributes`, read.omitAttributes);
  const runSampleRatio = checkSampleRatio(where, read.runSampleRatio);
  requireMethod(where, 'meterProvider', meterProvider, 'getMeter', 'leave it out for the one that is registered');
  requireMethod(where, 'tracerProvider', tracerProvider, 'getTracer', 'leave it out for the one that is registered');
  requireMethod(where, 'loggerProvider', loggerProvider, 'getLogger', 'leave it out for the one that is registered');
  const health = checkHealth(where, read.health);
  return { ...read, runId, historySize, enableDatadog, omitAttributes, runSampleRatio, health };
}

/** @throws TypeError unless it is a share. */
export function checkSampleRatio(where: string, ratio: unknown = 1): number {
  if (typeof ratio === 'number' && ratio >= 0 && ratio <= 1) return ratio;
  throw new TypeError(`${where}: runSampleRatio must be a share from 0 to 1, such as 0.1 for a tenth of the runs`);
}
