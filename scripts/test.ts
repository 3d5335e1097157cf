import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
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

/**
 * `npm test`: every test, with real Collectors and Prometheus, under Node 24. `--node 22` or `--node 26` runs them under
 * another of the supported versions, `--node all` under each; further arguments go to vitest.
 */

const modules = new URL('../node_modules/', import.meta.url);
const vitest = fileURLToPath(new URL('vitest/vitest.mjs', modules));

/** The packages with the supported versions of Node: the oldest, the one of scripts and benchmarks, the newest. */
const nodePackages = { 22: 'node-22', 24: 'node', 26: 'node-26' } as const;

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const { binaries, vitestArguments } = commandLine(process.argv.slice(2));
const missing = [
  ...(await complaintsAbout([collectorBinary], buildCollector)),
  ...(await complaintsAbout([prometheusBinary, promtoolBinary], buildPrometheus)),
];
const missingForKafka = await complaintsAbout([kafkaCollectorBinary, kafkaBrokerBinary], buildKafka);
const notRun = [
  ...(missing.length > 0 ? ['test/collector/**'] : []),
  ...(missingForKafka.length > 0 ? ['test/kafka/**'] : []),
];
vitestArguments.push(...notRun.flatMap((tests) => ['--exclude', tests]));

const results = binaries.map((binary) => {
  const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`Node ${version}`);
  const result = runTests(binary, vitestArguments);
  return { version, ...result };
});

if (notRun.length > 0) {
  console.log(`Not run: ${notRun.join(', ')}.\n${[...missing, ...missingForKafka].join('\n')}`);
}
if (results.length > 1) for (const result of results) console.log(`Node ${result.version}: ${summary([result])}`);
const skipped = total('skipped', results);
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(summary(results));
const failed = results.some(({ status }) => status !== 0) || (notRun.length > 0 && process.env.CI);
process.exitCode = failed ? 1 : 0;

interface Result extends Counts {
  readonly status: number;
}

function commandLine(args: readonly string[]): { readonly binaries: string[]; readonly vitestArguments: string[] } {
  const at = args.indexOf('--node');
  const wanted = at < 0 ? '24' : (args[at + 1] ?? '');
  const chosen = Object.entries(nodePackages).filter(([version]) => wanted === 'all' || wanted === version);
  if (chosen.length === 0) {
    console.error(`--node takes ${Object.keys(nodePackages).join(', ')} or all, not ${JSON.stringify(wanted)}.`);
    process.exit(2);
  }
  const binaries = chosen.map(([, name]) => fileURLToPath(new URL(`${name}/bin/node`, modules)));
  return { binaries, vitestArguments: at < 0 ? [...args] : args.toSpliced(at, 2) };
}

/** Under that Node, which is also the `node` of every command that a test runs. */
function runTests(binary: string, args: readonly string[]): Result {
  const folder = mkdtempSync(join(tmpdir(), 'signal-otel-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const status = runIsolated(binary, [vitest, 'run', ...reporters, ...args], {
      PATH: `${dirname(binary)}${delimiter}${process.env.PATH}`,
    });
    const counts = countsOf(report);
    if (status !== 0 && counts.failed === 0) console.log('vitest failed outside of the tests: see above.');
    return { status, ...counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function total(key: keyof Counts, counts: readonly Counts[]): number {
  return counts.reduce((sum, { [key]: count }) => sum + count, 0);
}

function summary(counts: readonly Counts[]): string {
  return `${total('passed', counts)} passed, ${total('failed', counts)} failed`;
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
  // A file that could not be loaded or prepared has failed, and no test of it has.
  const brokenFiles = asList(summary.testResults, 'testResults')
    .map((file) => asRecord(file, 'a test file'))
    .filter(
      ({ status, assertionResults }) => status === 'failed' && !asList(assertionResults, 'tests').some(hasFailed),
    );
  return {
    passed: count('numPassedTests'),
    failed: count('numFailedTests') + brokenFiles.length,
    skipped: count('numPendingTests') + count('numTodoTests'),
  };
}

function hasFailed(test: unknown): boolean {
  return asRecord(test, 'a test').status === 'failed';
}
