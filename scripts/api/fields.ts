import { healthRules } from '../../src/catalogue/health.ts';
import {
  type MetricDefinition,
  performanceMetrics,
  rlMetrics,
  shortName,
  shownUnit,
  toCamelCase,
  trainingMetrics,
} from '../../src/catalogue/index.ts';
import { healthField } from '../../src/run/health-options.ts';

/** A field of an object, or a method of an interface. */
export interface Row {
  readonly name: string;
  /** Markdown. */
  readonly type: string;
  readonly meaning: string;
}

export function table(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const lines = rows.map(({ name, type, meaning }) => `| \`${name}\` | ${type} | ${meaning} |`);
  return ['| | type | meaning |', '| --- | --- | --- |', ...lines].join('\n');
}

/** The fields that a type has by the catalogue, and which its declaration does not name. */
export function familyFields(name: string): Row[] {
  switch (name) {
    case 'TrainingMetrics':
      return metricFields(trainingMetrics);
    case 'RlMetrics':
      return metricFields(rlMetrics);
    case 'PerformanceMetrics':
      return metricFields(performanceMetrics);
    case 'HealthOptions':
      return healthRules.map((rule) => ({
        name: `${healthField(rule)}?`,
        type: '[`HealthRuleOptions`](#healthruleoptions) `\\| false`',
        meaning: `${rule.title}: \`${rule.check}\``,
      }));
    default:
      return [];
  }
}

function metricFields(family: readonly MetricDefinition[]): Row[] {
  return family.map(({ name, description, ...definition }) => ({
    name: `${toCamelCase(shortName(name))}?`,
    type: '`number \\| null`',
    meaning: `${description}: \`${name}\` (${shownUnit(definition)})`,
  }));
}
