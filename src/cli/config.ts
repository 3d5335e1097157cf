import { parseArgs, styleText } from 'node:util';
import { harmless, type Reading, readSettings } from '../runtime/settings-reader.ts';

const HELP = `signal-otel config [--json]: what the environment of this command sets, with the defaults for the rest

  --json    for programs: a list of objects with variable, value, from ("default" or a variable) and problem
  --help    this text

It reads the environment that it is started in. Start it as you start your application:
  OTEL_METRICS_EXPORTER=prometheus npx signal-otel config
  node --env-file=.env node_modules/signal-otel/dist/cli/main.js config

It ends with 1 where a value is bad, else with 0. Secrets show as (hidden).
`;

const DEFAULT = 'default';

/** `signal-otel config`: every setting, what it is, and where that comes from. */
export function configCommand(args: string[]): number {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { readings } = readSettings(process.env);
  console.log(values.json ? toJson(readings) : toText(readings));
  return readings.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

function toJson(readings: readonly Reading[]): string {
  const rows = readings.map(({ variable, text, from = DEFAULT, problem }) => ({
    variable,
    value: text === '' ? null : text,
    from,
    problem,
  }));
  return JSON.stringify(rows, undefined, 2);
}

function toText(readings: readonly Reading[]): string {
  const rows = readings.map((reading) => [reading.variable, shortened(reading.text), reading.from ?? DEFAULT] as const);
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  const [variables, texts] = [width(0), width(1)];
  const lines = rows.map(([variable, text, from]) => `${variable.padEnd(variables)}  ${text.padEnd(texts)}  ${from}`);
  return readings
    .flatMap(({ from, problem }, index) => {
      const line = lines[index] ?? '';
      if (problem !== undefined) return [styleText('red', line), styleText('red', `  bad: ${problem}`)];
      return [from === undefined ? styleText('dim', line) : line];
    })
    .join('\n');
}

const MAX_WIDTH = 60;

/** Values of any length and content keep the columns: the rest of a long one is in the JSON. */
function shortened(text: string): string {
  const shown = harmless(text);
  return shown.length > MAX_WIDTH ? `${shown.slice(0, MAX_WIDTH - 1)}…` : shown || '-';
}
