import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** What the package ships, and what each is for. */
const files = {
  'grafana.json': "Grafana's dashboard: import it, or provision it",
  'prometheus-rules.yml': 'alerts for Prometheus: name it under rule_files',
  'datadog-dashboard.json': "Datadog's dashboard: import it, or signal-otel datadog apply",
  'datadog-monitors.json': 'a Datadog monitor for each health rule',
  'datadog-metrics.json': 'descriptions, units and percentiles of metrics at Datadog',
  'metrics.md': 'the metrics as a table',
} as const;

const list = Object.entries(files).map(([name, meaning]) => `${name.padEnd(22)}  ${meaning}`);

const HELP = `signal-otel dashboards [FOLDER]: dashboards and alerts as files, as this version of the package makes them

Without a folder it lists them; with one it writes them there, over those of the same names:

${list.map((line) => `  ${line}`).join('\n')}

  --help             this text

It ends with 0 when all is as it should be, 1 when something failed, 2 when it is called in a wrong way.
`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Beside `dist/` in the package, beside `src/` in the repository. */
const shipped = fileURLToPath(new URL('../../dashboards/', import.meta.url));

/** `signal-otel dashboards`: the files that are generated from the catalogue, for whoever has no repository. */
export function dashboardsCommand(args: string[]): number {
  const { values, positionals } = parseArgs({
    args,
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  const [folder, ...rest] = positionals;
  if (values.help) console.log(HELP);
  else if (rest.length > 0 || folder === '') {
    console.error('signal-otel dashboards: it takes one folder. See signal-otel dashboards --help.');
    return EXIT_USAGE;
  } else if (folder === undefined) console.log(list.join('\n'));
  else return write(folder);
  return 0;
}

function write(folder: string): number {
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of Object.keys(files)) {
      const target = join(folder, name);
      writeFileSync(target, readFileSync(join(shipped, name)));
      console.log(`wrote ${target}`);
    }
    return 0;
  } catch (error) {
    console.error(`signal-otel dashboards: ${error instanceof Error ? error.message : error}`);
    return EXIT_FAILED;
  }
}
