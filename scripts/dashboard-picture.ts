/**
 * `npm run picture`: draws the Datadog dashboard of dashboards/ out of a training run of the examples, as
 * docs/dashboard.png. Another file may be named.
 */
import { fileURLToPath } from 'node:url';
import { chromiumBinary, collectorBinary, requireBinary } from '../test/support/binaries.ts';
import { runIsolated } from './isolated.ts';

const main = fileURLToPath(new URL('picture/main.ts', import.meta.url));
const [file = fileURLToPath(new URL('../docs/dashboard.png', import.meta.url))] = process.argv.slice(2);

try {
  requireBinary(collectorBinary);
  requireBinary(chromiumBinary);
  process.exitCode = runIsolated(process.execPath, [main, file]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
