import { parseArgs } from 'node:util';
import { catalogue } from '../catalogue/index.ts';
import { metricTable } from '../dashboards/markdown.ts';

/** `signal-otel catalogue`: the metrics as a Markdown table, or as JSON for programs. */
export function catalogueCommand(args: string[]): number {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) console.log('signal-otel catalogue [--json]: the metrics as a Markdown table, or as JSON');
  else console.log(values.json ? JSON.stringify(catalogue, undefined, 2) : metricTable(catalogue));
  return 0;
}
