/**
 * Writes what follows from the catalogue, the health rules, the settings, the benchmark's results and the declarations in
 * `dist/`: `node scripts/generate.ts`.
 * With `--check` it writes nothing and fails where a committed file is not what it would write.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { diff, parseArgs } from 'node:util';
import * as datadog from '@datadog/datadog-api-client';
import { stringify } from 'yaml';
import { catalogue, healthRules } from '../src/catalogue/index.ts';
import { datadogFiles } from '../src/dashboards/datadog-json.ts';
import { healthTable, metricTable } from '../src/dashboards/markdown.ts';
import { prometheusRules } from '../src/dashboards/prometheus-rules.ts';
import { defaults } from '../src/runtime/config.ts';
import { expectation } from '../src/runtime/schemas.ts';
import { settings } from '../src/runtime/settings.ts';
import { format, keys } from '../src/runtime/settings-reader.ts';
import { extractPublicApi } from './api/extract.ts';
import { referencePages } from './api/reference.ts';
import { customMetricsTable } from './custom-metrics-table.ts';
import { grafanaDashboard } from './grafana-dashboard.ts';
import { ruleTests } from './prometheus-rule-tests.ts';

const results = readFileSync('bench/results.md', 'utf8');
const A_STEP = '### A step';
const FLEET = '## A fleet through an agent and two gateways, with faults';
const A_PRELOAD = '### What a preload adds to an empty script';

const table = metricTable(catalogue);

const ofDatadog = Object.entries(datadogFiles(datadog)).map(([name, text]) => [`dashboards/${name}`, () => text]);

const publicApi = extractPublicApi();

/** Every declaration of the public API: whoever reviews a change sees in it what users may have to change. */
const REPORT = 'docs/reference/signal-otel.api.md';

/** What stands between `<!-- name -->` and `<!-- /name -->`, by document and name. */
const sections: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': { cost: costTable() },
  'docs/guide/metrics.md': { metrics: table },
  'docs/guide/health.md': { health: healthTable(healthRules) },
  'docs/guide/configuration.md': { settings: settingsTable() },
  'docs/guide/benchmarks.md': { bench: benchmarkTables() },
  'docs/scale.md': { fleet: fleetTables(), 'custom-metrics': customMetricsTable() },
};

const ofDocuments = Object.entries(sections).map(([file, contents]) => [
  file,
  (current: string) =>
    Object.entries(contents).reduce((text, [name, content]) => replaceSection(file, text, name, content), current),
]);

const files: Readonly<Record<string, (current: string) => string>> = {
  'dashboards/metrics.md': () => `# Metrics\n\nGenerated from the catalogue by \`npm run generate\`.\n\n${table}\n`,
  ...Object.fromEntries(ofDocuments),
  ...Object.fromEntries(ofDatadog),
  'dashboards/grafana.json': () => `${JSON.stringify(grafanaDashboard(), undefined, 2)}\n`,
  'dashboards/prometheus-rules.yml': () => yaml('Alerts of Signal training runs', prometheusRules()),
  'dashboards/prometheus-rules.test.yml': () =>
    yaml('promtool test rules dashboards/prometheus-rules.test.yml', ruleTests('prometheus-rules.yml')),
  ...Object.fromEntries(Object.entries(referencePages(publicApi)).map(([file, text]) => [file, () => text])),
  [REPORT]: () => publicApi.report,
};

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

for (const [file, generate] of Object.entries(files)) {
  const current = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const wanted = generate(current);
  if (wanted === current) continue;
  if (values.check) {
    console.error(`${file} is not what the sources say: run npm run generate`);
    if (file === REPORT) console.error(apiChange(current, wanted));
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, wanted);
    console.log(`wrote ${file}`);
  }
}

function apiChange(before: string, after: string): string {
  const lines = diff(before.split('\n'), after.split('\n'))
    .filter(([side]) => side !== 0)
    .map(([side, line]) => `  ${side < 0 ? '+' : '-'} ${line}`);
  return [
    'The public API has changed:',
    ...lines,
    'A line that is gone or different may break users: say so in CHANGELOG.md (CONTRIBUTING.md, "The public API").',
  ].join('\n');
}

function yaml(title: string, content: unknown): string {
  const text = stringify(content, { lineWidth: 0, aliasDuplicateObjects: false });
  return `# ${title}. Generated from the catalogue by \`npm run generate\`.\n${text}`;
}

function settingsTable(): string {
  const code = (text: string) => text && `\`${text}\``;
  const rows = keys.map((key) => {
    const { variables, schema, meaning } = settings[key];
    return [variables.map(code).join(', '), code(format(defaults[key])), expectation(schema), meaning];
  });
  const header = ['variable', 'default', 'takes', 'meaning'];
  return [header, header.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`.replace('|  |', '| |'))
    .join('\n');
}

/** What the guide shows of the last run of the benchmark: the targets, and the two costs that every user has. */
function benchmarkTables(): string {
  return ['## Targets', A_STEP, A_PRELOAD]
    .map((heading) => `## ${heading.replace(/^#+ /, '')}\n\n${tableUnder(heading).join('\n')}`)
    .join('\n\n');
}

/** All that the fleet's benchmark found last. */
function fleetTables(): string {
  const start = results.indexOf(FLEET);
  if (start < 0) throw new Error(`bench/results.md has no ${JSON.stringify(FLEET)}: run npm run bench -- --only fleet`);
  const [section = ''] = results.slice(start + FLEET.length).split(/^## /m, 1);
  return section.trim();
}

/** Of those two costs the README has the package's own, and beside them what most processes have for the same. */
function costTable(): string {
  const rows = [
    ['| recording a step | ns | of the SDK |', '| --- | --- | --- |'],
    columns(A_STEP, [0, 1, 3], /^(bound meter|collector|OpenTelemetry SDK|prom-client|dd-trace)/),
    ['', '| starting a process | ms added | MB added |', '| --- | --- | --- |'],
    columns(A_PRELOAD, [0, 1, 6], /^(--require signal-otel|NodeSDK|prom-client|dd-trace)/),
  ];
  return rows.flat().join('\n');
}

/** Some columns of the rows whose first cell begins so. */
function columns(heading: string, indexes: readonly number[], wanted: RegExp): string[] {
  const rows = tableUnder(heading).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return rows
    .filter(([first = '']) => wanted.test(first))
    .map((cells) => `| ${indexes.map((index) => cells[index]).join(' | ')} |`);
}

function tableUnder(heading: string): string[] {
  const start = results.indexOf(`${heading}\n`);
  if (start < 0) throw new Error(`bench/results.md has no ${JSON.stringify(heading)}: run npm run bench`);
  const [section = ''] = results.slice(start + heading.length).split(/^#/m, 1);
  return section.split('\n').filter((line) => line.startsWith('|'));
}

function replaceSection(file: string, text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const start = text.indexOf(open);
  const end = text.indexOf(close);
  if (start < 0 || end < start)
    throw new Error(`${file} needs the lines ${open} and ${close} around what is generated`);
  return `${text.slice(0, start + open.length)}\n${content}\n${text.slice(end)}`;
}
