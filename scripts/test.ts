import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Binary,
  collectorBinary,
  findBinary,
  kafkaBrokerBinary,
  kafkaCollectorBinary,
  prometheusBinary,
  promtoolBinary,
} from '../test/support/binaries.ts';
import { asList, asNumber, asRecord } from '../test/support/shape.ts';
import { buildCollector, buildKafka, buildPrometheus } from './go-build.ts';
import { runIsolated } from './isolated.ts';

/** `npm test`: every test, with real Collectors and Prometheus. Further arguments go to vitest. */

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const missing = [
  ...(await complaintsAbout([collectorBinary], buildCollector)),
  ...(await complaintsAbout([prometheusBinary, promtoolBinary], buildPrometheus)),
];
const missingForKafka = await complaintsAbout([kafkaCollectorBinary, kafkaBrokerBinary], buildKafka);
const notRun = [
  ...(missing.length > 0 ? ['test/collector/**'] : []),
  ...(missingForKafka.length > 0 ? ['test/kafka/**'] : []),
];
const folder = mkdtempSync(join(tmpdir(), 'signal-otel-test-'));
const report = join(folder, 'report.json');
try {
  const status = runIsolated(process.execPath, [
    vitest,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...notRun.flatMap((tests) => ['--exclude', tests]),
    ...process.argv.slice(2),
  ]);
  const counts = countsOf(report);
  if (notRun.length > 0) {
    console.log(`Not run: ${notRun.join(', ')}.\n${[...missing, ...missingForKafka].join('\n')}`);
  }
  if (status !== 0 && counts.failed === 0) console.log('vitest failed outside of the tests: see above.');
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  process.exitCode = notRun.length > 0 && process.env.CI ? 1 : status;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** None where all are there or could be built. */
async function complaintsAbout(binaries: readonly Binary[], build: () => Promise<void>): Promise<string[]> {
  try {
    if (binaries.some((binary) => findBinary(binary) === undefined)) await build();
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    return binaries.map(({ title, remedy }) => `${title}: ${reason} Get it with: ${remedy}.`);
  }
}

function countsOf(reportFile: string): Counts {
  let text: string;
  try {
    text = readFileSync(reportFile, 'utf8');
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
  const summary = asRecord(JSON.parse(text), 'the report of vitest');
  const count = (name: string) => asNumber(summary[name], name);
  // A file that could not be loaded has failed, and no test of it has.
  const brokenFiles = asList(summary.testResults, 'testResults')
    .map((file) => asRecord(file, 'a test file'))
    .filter(({ status, assertionResults }) => status === 'failed' && asList(assertionResults, 'tests').length === 0);
  return {
    passed: count('numPassedTests'),
    failed: count('numFailedTests') + brokenFiles.length,
    skipped: count('numPendingTests') + count('numTodoTests'),
  };
}
