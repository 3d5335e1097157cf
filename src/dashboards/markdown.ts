import type { MetricDefinition, TypicalRange } from '../catalogue/index.ts';

/** The catalogue as a Markdown table. */
export function metricTable(definitions: readonly MetricDefinition[]): string {
  const rows = definitions.map(({ name, kind, unit, description, typicalRange }) => [
    `\`${name}\``,
    kind,
    unit.replace(/^\{(.*)\}$/, '$1'),
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
