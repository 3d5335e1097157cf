import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { collect } from './collect/section.ts';
import { failing } from './failing/section.ts';
import { memory } from './memory/section.ts';
import { outage } from './outage/section.ts';
import { recording } from './recording/section.ts';
import { startup } from './startup/section.ts';
import { type Report, sectionText, tableText, targetTable, toMarkdown } from './support/markdown.ts';
import { ProgressLine } from './support/progress.ts';
import type { Section } from './support/results.ts';
import { timing } from './timing/section.ts';

const sections: readonly Section[] = [recording, timing, startup, collect, memory, outage, failing];

const HELP = `The package against its peers: ratios, measured by turns in one run.

node bench/run.ts [--only ${sections.map(({ name }) => name).join(',')}] [--quick]

  --only   these benchmarks, separated by commas. Then bench/results.md is left as it is.
  --quick  few rounds and small sizes, to see that everything works. bench/results.md is left as it is.
  --help   this text
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else
  await main(
    values.only?.split(',').map((name) => name.trim()),
    values.quick,
  );

async function main(only: readonly string[] | undefined, quick: boolean): Promise<void> {
  const unknown = only?.find((name) => !sections.some((section) => section.name === name));
  if (unknown !== undefined) throw new RangeError(`There is no benchmark ${unknown}.\n${HELP}`);
  const chosen = sections.filter(({ name }) => only === undefined || only.includes(name));
  const reports: Report[] = [];
  for (const section of chosen) reports.push(await measure(section, quick));
  console.log(`\n${tableText(targetTable(reports.flatMap(({ results }) => results.targets)))}`);
  if (quick || only !== undefined) return;
  writeFileSync(new URL('./results.md', import.meta.url), toMarkdown(reports));
  console.log('\nwrote bench/results.md');
}

async function measure(section: Section, quick: boolean): Promise<Report> {
  const line = new ProgressLine(process.stderr);
  const results = await section.run({ quick, progress: (text) => line.show(section.name, text) });
  line.clear();
  console.log(`\n${sectionText(section, results).join('\n\n')}`);
  return { section, results };
}
