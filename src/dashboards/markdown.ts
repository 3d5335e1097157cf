import {
  COMPARISONS,
  type HealthRule,
  type HealthThreshold,
  type MetricDefinition,
  shownUnit,
  type TypicalRange,
} from '../catalogue/index.ts';

/** The catalogue as a Markdown table. */
export function metricTable(definitions: readonly MetricDefinition[]): string {
  const rows = definitions.map(({ name, kind, description, typicalRange, ...definition }) => [
    `\`${name}\``,
    kind,
    shownUnit(definition),
    describeRange(typicalRange),
    description,
  ]);
  const header = ['Metric', 'Kind', 'Unit', 'Typical range', 'Meaning'];
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function describeRange({ min, max }: TypicalRange): string {
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `from ${min}`;
  if (max !== undefined) return `up to ${max}`;
  return 'varies';
}

/** The health rules as a Markdown table. */
export function healthTable(rules: readonly HealthRule[]): string {
  const rows = rules.map((rule) => [
    `\`${rule.check}\``,
    describeThreshold(rule, rule.warning),
    describeThreshold(rule, rule.critical),
    rule.patience === 1 ? 'at once' : `${rule.patience} values in a row`,
    rule.advice,
    rule.suits,
  ]);
  const header = ['Check', 'Warning', 'Critical', 'After', 'What to do', 'Suits'];
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Where a level begins, in words; nothing where the rule has no such level. */
export function describeThreshold({ measure }: HealthRule, threshold: HealthThreshold | undefined): string {
  if (threshold === undefined) return '';
  const { when, value } = threshold;
  switch (measure) {
    case 'value':
      return `${COMPARISONS[when]} ${value}`;
    case 'drop':
      return `more than ${100 * value} % below the recent mean`;
    case 'spike':
      return `more than ${value} standard deviations above the recent mean`;
    case 'nonFinite':
      return 'any NaN or infinity';
    case 'idleSeconds':
      return `${value} s without a step`;
  }
}
