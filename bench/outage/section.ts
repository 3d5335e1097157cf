import { setTimeout } from 'node:timers/promises';
import { TemporaryFolder } from '../../test/support/temporary-folder.ts';
import { type Balance, KINDS, type Kind } from '../support/account.ts';
import { count } from '../support/format.ts';
import { Worker, type WorkerSettings } from '../support/parent.ts';
import { Receiver } from '../support/receiver.ts';
import type { Results, Section, SectionContext, Target } from '../support/results.ts';
import { Ledger } from './ledger.ts';

interface Contender {
  readonly name: string;
  readonly args: readonly string[];
  readonly settings: WorkerSettings;
  /** What the package promises; the SDK is there to compare. */
  readonly isOwn: boolean;
}

interface Course {
  readonly intervalMillis: number;
  readonly secondsBefore: number;
  readonly secondsOfOutage: number;
  readonly secondsAfter: number;
}

interface Outcome {
  readonly contender: Contender;
  readonly balances: Readonly<Record<Kind, Balance>>;
}

const FULL: Course = { intervalMillis: 10_000, secondsBefore: 30, secondsOfOutage: 600, secondsAfter: 30 };
const QUICK: Course = { intervalMillis: 1_000, secondsBefore: 3, secondsOfOutage: 20, secondsAfter: 4 };

/** A contender at work, with a receiver of its own. */
interface Trial {
  readonly contender: Contender;
  readonly ledger: Ledger;
  readonly receiver: Receiver;
  readonly worker: Worker;
}

async function run({ quick, progress }: SectionContext): Promise<Results> {
  const course = quick ? QUICK : FULL;
  const { secondsBefore, secondsOfOutage, secondsAfter } = course;
  let second = 0;
  const wait = async (phase: string, seconds: number) => {
    for (const end = second + seconds; second < end; second++) {
      progress(`second ${second} of ${secondsBefore + secondsOfOutage + secondsAfter}, ${phase}`);
      await setTimeout(1_000);
    }
  };
  await using open = new AsyncDisposableStack();
  const spool = open.use(new TemporaryFolder()).path;

  const trials: Trial[] = [];
  for (const contender of contendersOf(course, spool)) trials.push(await begin(contender, open));
  await wait('before the outage', secondsBefore);
  await Promise.all(trials.map(({ receiver }) => receiver.behave({ kind: 'refuse' })));
  await wait('the outage', secondsOfOutage);
  await Promise.all(trials.map(({ receiver }) => receiver.behave({ kind: 'take' })));
  await wait('after it', secondsAfter);
  return report(course, await Promise.all(trials.map(conclude)));
}

function contendersOf({ intervalMillis }: Course, spool: string): readonly Contender[] {
  const execArgv = ['--require', 'signal-otel/register'];
  const env = { OTEL_METRIC_EXPORT_INTERVAL: String(intervalMillis) };
  const spooling = { ...env, SIGNAL_SPOOL_DIR: spool };
  return [
    { name: 'the package', args: [], settings: { execArgv, env }, isOwn: true },
    { name: 'the package with a spool', args: [], settings: { execArgv, env: spooling }, isOwn: true },
    { name: 'OpenTelemetry SDK', args: [String(intervalMillis)], settings: {}, isOwn: false },
  ];
}

async function begin(contender: Contender, open: AsyncDisposableStack): Promise<Trial> {
  const { args, settings } = contender;
  const ledger = new Ledger();
  const receiver = open.use(await Receiver.open({ takePoints: (points) => ledger.add(points) }));
  const env = { ...settings.env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  const worker = await Worker.start(new URL('./training.ts', import.meta.url), args, { ...settings, env });
  open.defer(() => worker.stop());
  return { contender, ledger, receiver, worker };
}

async function conclude({ contender, ledger, worker }: Trial): Promise<Outcome> {
  const lastStepOf = await worker.ask({});
  await worker.end();
  return { contender, balances: ledger.close(lastStepOf) };
}

function report(course: Course, outcomes: readonly Outcome[]): Results {
  const { intervalMillis, secondsBefore, secondsOfOutage, secondsAfter } = course;
  const outage = `an outage of ${secondsOfOutage} s`;
  return {
    tables: [
      {
        title: `Through ${outage}`,
        columns: ['', 'of', 'sent', 'arrived', 'lost', 'twice', 'out of order'],
        rows: outcomes.flatMap(rows),
      },
    ],
    targets: outcomes.filter(({ contender }) => contender.isOwn).flatMap((outcome) => targets(outage, outcome)),
    notes: [
      `A training process records 10 steps a second for ${secondsBefore + secondsOfOutage + secondsAfter} s: a counter, ` +
        `a histogram, a gauge. It exports every ${intervalMillis / 1_000} s. The receiver takes what comes for ` +
        `${secondsBefore} s, refuses connections for ${secondsOfOutage} s, and takes it again for ${secondsAfter} s. ` +
        'All contenders run at the same time, each with a receiver of its own.',
      'A step-second is a second in which the gauge was recorded; it arrives with the value of a step in it. By its own ' +
        'setting the SDK exports the last value of each interval only, and tries again for no longer than an export ' +
        'may take.',
    ],
  };
}

function rows({ contender, balances }: Outcome): string[][] {
  return KINDS.map((kind) => {
    const { sent, arrived, lost, twice, outOfOrder } = balances[kind];
    return [contender.name, kind, ...[sent, arrived, lost, twice, outOfOrder].map(count)];
  });
}

function targets(outage: string, { contender, balances }: Outcome): Target[] {
  const of = (what: string, figures: readonly number[]): Target => ({
    what: `${outage}, ${contender.name}: ${what}`,
    limit: figures.map(() => 0).join(', '),
    value: figures.map(count).join(', '),
    isMet: figures.every((figure) => figure === 0),
  });
  return [
    of(
      'counts, histogram records, step-seconds lost',
      KINDS.map((kind) => balances[kind].lost),
    ),
    of(
      'the same, twice or out of order',
      KINDS.map((kind) => balances[kind].twice + balances[kind].outOfOrder),
    ),
  ];
}

export const outage: Section = { name: 'outage', title: 'An outage of the receiver', run };
