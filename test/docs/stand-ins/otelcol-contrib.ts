import { parseArgs } from 'node:util';
import { startCollector } from '../../support/collector.ts';

const { values } = parseArgs({ options: { config: { type: 'string' }, 'feature-gates': { type: 'string' } } });
const { config = '', 'feature-gates': gates = '' } = values;
const given = Object.entries(process.env).flatMap(([name, value]) =>
  /^(DD|DATADOG)_/.test(name) && value !== undefined ? [[name, value]] : [],
);
await using collector = await startCollector({
  config,
  args: [`--feature-gates=${gates}`],
  env: Object.fromEntries(given),
});
const { status } = await fetch(collector.healthEndpoint);
console.log(`The Collector of ${config} answers ${status}`);
