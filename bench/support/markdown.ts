import { availableParallelism, totalmem } from 'node:os';
import type { Results, Section, Table, Target } from './results.ts';

/** What one run of a section found, and where. */
export interface Report {
  readonly section: Section;
  readonly results: Results;
  /** The machine and the day. */
  readonly measured: string;
}

export function toMarkdown(reports: readonly Report[]): string {
  const targets = reports.flatMap(({ results }) => results.targets);
  return [
    '# Benchmark results',
    'Written by `npm run bench`; how to read it: [README](README.md). Each section is one run of its own.',
    '## Targets',
    tableText(targetTable(targets)),
    ...reports.flatMap(sectionText),
    '',
  ].join('\n\n');
}

export function sectionText({ section: { title }, results: { tables, notes }, measured }: Report): string[] {
  return [
    `## ${title}`,
    measured,
    ...tables.flatMap((table) => [`### ${table.title}`, tableText(table)]),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
  ];
}

export function targetTable(targets: readonly Target[]): Table {
  return {
    title: 'Targets',
    columns: ['target', 'limit', 'measured', ''],
    rows: targets.map(({ what, limit, value, isMet }) => [what, limit, value, verdict(isMet)]),
  };
}

export function tableText({ columns, rows }: Table): string {
  const all = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(columns), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

function verdict(isMet: boolean | undefined): string {
  return isMet === undefined ? 'not measured' : isMet ? 'met' : 'missed';
}

export function measuredHere(): string {
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `A shared machine with ${availableParallelism()} CPUs and ${gigabytes} GB, Node ${process.version}, ${day}.`;
}
