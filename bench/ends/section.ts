import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { TemporaryFolder } from '../../test/support/temporary-folder.ts';
import { count } from '../support/format.ts';
import { interleave } from '../support/interleave.ts';
import { environment, packageFolder } from '../support/parent.ts';
import { Receiver } from '../support/receiver.ts';
import { type Results, type Section, type SectionContext, target } from '../support/results.ts';
import { difference, summarise } from '../support/statistics.ts';

const WITHOUT = 'without the package';
const TAKEN = 'the receiver takes it';
const AWAY = 'it is away';
const SPOOLED = 'it is away, with a spool';
const VARIANTS = [WITHOUT, TAKEN, AWAY, SPOOLED] as const;

const WAYS = [
  'natural end',
  'process.exit(7)',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'a SIGTERM handler that exits',
  'uncaught exception',
  'unhandled rejection',
].map((way) => ['process', way] as const);

const OTHERS = [
  ['thread', 'natural end'],
  ['thread', 'process.exit(7)'],
  ['cluster', 'disconnect'],
] as const;

/** What a test of the package also runs: it trains a step, and ends in the way asked for. */
const APP = 'test/register/apps/ends/app.cjs';

/** By default an end may take so long. */
const DEADLINE_MILLIS = 5_000;

async function run({ quick, progress }: SectionContext): Promise<Results> {
  const rounds = quick ? 1 : 3;
  await using receiver = await Receiver.open();
  await using away = await Receiver.open();
  await away.behave({ kind: 'refuse' });
  using spool = new TemporaryFolder();
  const env = {
    [WITHOUT]: {},
    [TAKEN]: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    [AWAY]: { OTEL_EXPORTER_OTLP_ENDPOINT: away.url },
    [SPOOLED]: { OTEL_EXPORTER_OTLP_ENDPOINT: away.url, SIGNAL_SPOOL_DIR: spool.path },
  };
  const all = [...WAYS, ...OTHERS];
  const contenders = new Map(
    all.flatMap((way) =>
      VARIANTS.map((variant) => [nameOf(way, variant), () => millisOf(way, variant, env[variant])] as const),
    ),
  );
  const samples = await interleave(contenders, {
    rounds,
    warmUp: 0,
    onRound: (round) => progress(`round ${round + 1} of ${rounds}`),
  });
  return report(all, (way, variant) => samples.get(nameOf(way, variant)) ?? []);
}

type Way = readonly [where: string, way: string];

function nameOf([where, way]: Way, variant?: string): string {
  return `${where === 'process' ? '' : `in a ${where}: `}${way}${variant === undefined ? '' : `, ${variant}`}`;
}

/** From the start of a process to its end. */
async function millisOf(way: Way, variant: string, env: NodeJS.ProcessEnv): Promise<number> {
  const preload = variant === WITHOUT ? [] : ['--require', 'signal-otel/register'];
  const started = performance.now();
  const child = spawn(process.execPath, [...preload, APP, ...way], {
    cwd: packageFolder,
    env: { ...environment, ...env },
    stdio: 'ignore',
  });
  await once(child, 'exit');
  return performance.now() - started;
}

function report(ways: readonly Way[], samplesOf: (way: Way, variant: string) => readonly number[]): Results {
  const added = (way: Way, variant: string) => difference(samplesOf(way, variant), samplesOf(way, WITHOUT)).median;
  const longest = Math.max(...ways.map((way) => added(way, AWAY)));
  return {
    tables: [
      {
        title: 'What the package adds to a short process, from its start to its end, ms',
        columns: ['the end', 'the process without', `added: ${TAKEN}`, AWAY, SPOOLED],
        rows: ways.map((way) => [
          nameOf(way),
          count(summarise(samplesOf(way, WITHOUT)).median),
          ...[TAKEN, AWAY, SPOOLED].map((variant) => count(added(way, variant))),
        ]),
      },
    ],
    targets: [
      target('the longest end while the receiver is away', longest, DEADLINE_MILLIS + 1_000, (ms) => `${count(ms)} ms`),
    ],
    notes: [
      'A process trains one step and ends. What is added includes the start of the package and of the OpenTelemetry SDK, ' +
        `which a longer process has loaded long before its end. ${DEADLINE_MILLIS / 1_000} s are the deadline for sending ` +
        '(SIGNAL_SHUTDOWN_TIMEOUT); a second more is the limit with all of that.',
    ],
  };
}

export const ends: Section = { name: 'ends', title: 'The end of a process', run };
