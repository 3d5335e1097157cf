import {
  type MetricName,
  NAMESPACE,
  performanceMetrics,
  qualifiedName,
  resultKeys,
  shortName,
  toSnakeCase,
} from '../catalogue/index.ts';

/** What an answer of forward_backward or optim_step says, in the catalogue's terms. */
export interface ResultReading {
  /** As the server gave it; `undefined` where it gave none. */
  readonly step: unknown;
  /** optim_step answers with the step after the update, forward_backward with the one before it. */
  readonly isAfterUpdate: boolean;
  /** Values by full metric name. Those of catalogued metrics come as they are, wrong types included. */
  readonly metrics: ReadonlyMap<string, unknown>;
}

/** Parts of an answer that hold values, the outer ones winning over the inner. */
const SECTIONS: readonly string[] = ['metrics', 'rl_metrics', 'grad_stats', 'result'];

/**
 * Never taken from an answer: the server makes up `gpu_utilization` where it knows none, and durations and queue are
 * measured on this side.
 */
const IGNORED: ReadonlySet<string> = new Set(['step', ...performanceMetrics.map(({ name }) => shortName(name))]);

/** Whether something has values by name: the keys of a list are numbers, and would become as many metrics. */
export function hasFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** What something is that has no fields, for a warning. */
export function kindOfThing(value: unknown): string {
  if (typeof value !== 'object') return typeof value;
  return value === null ? 'null' : 'a list';
}

/** Reads an answer in snake_case or camelCase, with nulls, its values at the top or in the sections inside. */
export function readResult(result: object): ResultReading {
  const values = flatten(result);
  const metrics = new Map<string, unknown>();
  for (const [key, name] of resultKeys) {
    if (values.has(key) && !metrics.has(name)) metrics.set(name, values.get(key));
  }
  for (const [key, value] of values) {
    if (typeof value !== 'number') continue;
    const { extraMetric } = keyOf(key);
    if (extraMetric !== undefined) metrics.set(extraMetric, value);
  }
  const has = (name: MetricName) => metrics.has(name);
  return {
    step: values.get('step'),
    isAfterUpdate: has('signal.training.learning_rate') && !has('signal.training.loss'),
    metrics,
  };
}

/** Sections of sections are read too (a future's `result.metrics`), but no deeper than any answer goes. */
function flatten(section: object, depth = 0, values = new Map<string, unknown>()): Map<string, unknown> {
  const inner: object[] = [];
  for (const [rawKey, value] of Object.entries(section)) {
    if (value === null || value === undefined) continue;
    const { key, isSection } = keyOf(rawKey);
    if (typeof value === 'object') {
      if (isSection && hasFields(value) && depth < 3) inner.push(value);
    } else if (!values.has(key)) {
      values.set(key, value);
    }
  }
  for (const next of inner) flatten(next, depth + 1, values);
  return values;
}

/** What a key of an answer means. */
interface ResultKey {
  /** In snake_case. */
  readonly key: string;
  readonly isSection: boolean;
  /** The metric of a number under a key that the catalogue does not know. */
  readonly extraMetric: string | undefined;
}

/** The same keys come with every step; bounded, since they may be made from data. */
const MAX_REMEMBERED_KEYS = 1_000;
const MAX_REMEMBERED_LENGTH = 200;
const rememberedKeys = new Map<string, ResultKey>();

function keyOf(rawKey: string): ResultKey {
  const remembered = rememberedKeys.get(rawKey);
  if (remembered !== undefined) return remembered;
  const key = toSnakeCase(rawKey);
  const isKnown = resultKeys.has(key) || IGNORED.has(key);
  const extraMetric = isKnown ? undefined : qualifiedName(`${NAMESPACE}.training.${key}`);
  const read = { key, isSection: SECTIONS.includes(key), extraMetric };
  const isWorthIt = rawKey.length <= MAX_REMEMBERED_LENGTH && rememberedKeys.size < MAX_REMEMBERED_KEYS;
  if (isWorthIt) rememberedKeys.set(rawKey, read);
  return read;
}
