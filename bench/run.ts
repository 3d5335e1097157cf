import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { calls } from './calls/section.ts';
import { collect } from './collect/section.ts';
import { ends } from './ends/section.ts';
import { failing } from './failing/section.ts';
import { fleet } from './fleet/section.ts';
import { live } from './live/section.ts';
import { memory } from './memory/section.ts';
import { outage } from './outage/section.ts';
import { recording } from './recording/section.ts';
import { soak } from './soak/section.ts';
import { startup } from './startup/section.ts';
import { measuredHere, type Report, sectionText, tableText, targetTable, toMarkdown } from './support/markdown.ts';
import { ProgressLine } from './support/progress.ts';
import type { Section } from './support/results.ts';
import { timing } from './timing/section.ts';

const sections: readonly Section[] = [
  recording,
  timing,
  calls,
  startup,
  collect,
  memory,
  outage,
  failing,
  ends,
  live,
  soak,
  fleet,
];

const HELP = `The package against its peers: ratios, measured by turns in one run.

node bench/run.ts [--only ${sections.map(({ name }) => name).join(',')}] [--quick] [--minutes N]

  --only     these benchmarks, separated by commas. Of the others bench/results.md keeps what their last run found.
  --quick    few rounds and small sizes, to see that everything works. No file is written.
  --minutes  how long the soak goes on, 30 unless told. It runs only where --only names it.
  --help     this text
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else
  await main(
    values.only?.split(',').map((name) => name.trim()),
    values.quick,
    values.minutes === undefined ? undefined : Number(values.minutes),
  );

async function main(only: readonly string[] | undefined, quick: boolean, minutes: number | undefined): Promise<void> {
  if (minutes !== undefined && !(Number.isSafeInteger(minutes) && minutes > 0)) {
    throw new RangeError(`--minutes takes a whole number from 1.\n${HELP}`);
  }
  const unknown = only?.find((name) => !sections.some((section) => section.name === name));
  if (unknown !== undefined) throw new RangeError(`There is no benchmark ${unknown}.\n${HELP}`);
  const chosen = sections.filter(({ name, isOnDemand }) => only?.includes(name) ?? !isOnDemand);
  const reports: Report[] = [];
  for (const section of chosen) reports.push(await measure(section, quick, minutes));
  console.log(`\n${tableText(targetTable(reports.flatMap(({ results }) => results.targets)))}`);
  if (quick) return;
  for (const report of reports) keep(report);
  writeFileSync(
    new URL('results.md', import.meta.url),
    toMarkdown(sections.flatMap((section) => lastOf(section) ?? [])),
  );
  console.log('\nwrote bench/results.md');
}

function fileOf({ name }: Section): URL {
  return new URL(`results/${name}.json`, import.meta.url);
}

function keep({ section, results, measured }: Report): void {
  mkdirSync(new URL('results/', import.meta.url), { recursive: true });
  writeFileSync(fileOf(section), `${JSON.stringify({ measured, results }, undefined, 2)}\n`);
}

function lastOf(section: Section): Report | undefined {
  if (!existsSync(fileOf(section))) return undefined;
  const { measured, results }: Omit<Report, 'section'> = JSON.parse(readFileSync(fileOf(section), 'utf8'));
  return { section, measured, results };
}

async function measure(section: Section, quick: boolean, minutes: number | undefined): Promise<Report> {
  const line = new ProgressLine(process.stderr);
  const results = await section.run({ quick, minutes, progress: (text) => line.show(section.name, text) });
  line.clear();
  const report = { section, results, measured: measuredHere() };
  console.log(`\n${sectionText(report).join('\n\n')}`);
  return report;
}
