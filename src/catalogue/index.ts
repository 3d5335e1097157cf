import { resultAliases } from './aliases.ts';
import { hardwareMetrics } from './hardware.ts';
import { healthMetrics, type healthRules } from './health.ts';
import { checkUnique, type MetricDefinition } from './metric.ts';
import { type FieldName, shortName } from './naming.ts';
import { selfMetrics } from './otel.ts';
import { performanceMetrics } from './performance.ts';
import { rlMetrics } from './rl.ts';
import { progressMetrics, trainingMetrics } from './training.ts';

export { hardwareMetrics } from './hardware.ts';
export {
  COMPARISONS,
  HEALTH_STATUSES,
  HEALTH_WINDOW,
  HEALTH_WINDOW_MIN,
  type HealthLevel,
  type HealthMeasure,
  type HealthRule,
  type HealthStatus,
  type HealthThreshold,
  healthRules,
  isBeyond,
  isSlow,
  isUpper,
  recoveryOf,
} from './health.ts';
export type { MetricDefinition, MetricKind, TypicalRange } from './metric.ts';
export { defineMetrics, shownUnit } from './metric.ts';
export { NAMESPACE, qualifiedName, shortName, toCamelCase, toSnakeCase } from './naming.ts';
export { performanceMetrics } from './performance.ts';
export { rlMetrics } from './rl.ts';
export { progressMetrics, trainingMetrics } from './training.ts';

/** What is recorded of a run, with its attributes. */
export const runMetrics = [
  ...trainingMetrics,
  ...progressMetrics,
  ...rlMetrics,
  ...performanceMetrics,
  ...healthMetrics,
] as const;

/** The package's own metrics, each of which can be recorded. */
export const signalMetrics = [...runMetrics, ...selfMetrics] as const;

/** Every metric of the package, in the order in which tables and dashboards show them. */
export const catalogue = [...signalMetrics, ...hardwareMetrics] as const;

export type SignalMetric = (typeof signalMetrics)[number];
export type CataloguedMetric = (typeof catalogue)[number];
export type MetricName = CataloguedMetric['name'];

/** A call's fields for a family of metrics, each optional; `null` counts as absent, as in Signal's answers. */
export type FieldsOf<Family extends readonly MetricDefinition[]> = {
  [Definition in Family[number] as FieldName<Definition['name']>]?: number | null | undefined;
};

checkUnique(catalogue);
Object.freeze(runMetrics);
Object.freeze(signalMetrics);
Object.freeze(catalogue);

const byName: ReadonlyMap<string, CataloguedMetric> = new Map(
  catalogue.map((definition) => [definition.name, definition]),
);

export function findMetric(name: string): CataloguedMetric | undefined {
  return byName.get(name);
}

/** The option of a collector that sets a health rule: `klDivergence`. */
export type HealthRuleField = FieldName<(typeof healthRules)[number]['check']>;

/** Keys of a Signal result in snake_case, with the metric that each one carries. Aliases come last: a key proper wins. */
export const resultKeys: ReadonlyMap<string, MetricName> = new Map<string, MetricName>([
  ...[...trainingMetrics, ...rlMetrics].map(({ name }) => [shortName(name), name] as const),
  ...Object.entries(resultAliases),
]);
