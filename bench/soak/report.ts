import { type Balance, KINDS, type Kind, total } from '../support/account.ts';
import { count, number } from '../support/format.ts';
import type { Receiver } from '../support/receiver.ts';
import { type Results, type Table, type Target, target } from '../support/results.ts';
import { shift, summarise } from '../support/statistics.ts';
import { STEPS_A_SECOND } from '../support/steps.ts';
import { type Course, FAULTS } from './course.ts';
import { type Ledger, type Life, lostSeconds } from './ledger.ts';

export interface Soak {
  readonly course: Course;
  readonly ledger: Ledger;
  readonly receiver: Receiver;
  /** Files that are still in the spool. */
  readonly left: number;
  readonly lives: readonly Life[];
}

const GROWTH_LIMIT = 0.1;
/** Fewer samples make no third. */
const MIN_SAMPLES = 6;

export function report(soak: Soak): Results {
  const killed = soak.lives.filter(({ killedMillis }) => killedMillis !== undefined);
  const ended = soak.lives.filter(({ killedMillis }) => killedMillis === undefined);
  const { minutes, runs, secondsOfMinute, faultFrom, faultTo } = soak.course;
  // A driver that was killed has several lives, none of them as long as the soak.
  const steady = ended.filter(({ name }) => name.endsWith('-1'));
  const worst = Math.max(...steady.map(growthOf));
  return {
    tables: [
      accounts(soak, { 'processes that came to their end': ended, 'processes that were killed': killed }),
      ...(killed.length > 0 ? [kills(soak, killed)] : []),
      memory(soak.lives),
      {
        title: 'What became of the requests',
        columns: ['', 'requests'],
        rows: [...soak.receiver.answers].map(([what, requests]) => [what, count(requests)]),
      },
    ],
    targets: [
      ...accountTargets(soak, ended, killed),
      target('soak: growth of resident memory, the worst', worst, GROWTH_LIMIT, percent),
    ],
    notes: [
      `${minutes} minutes of ${secondsOfMinute} s with ${5 * runs} runs in 5 processes, 10 steps a second each: 9 gauges, ` +
        'a counter, 2 histograms. Two processes keep what waits in memory, three in a spool; two of those are killed ' +
        '(SIGKILL) and started anew.',
      `In each minute but the last the receiver fails for ${faultTo - faultFrom} s, by turns: it ` +
        `${FAULTS.map(({ name }) => name).join('; ')}.`,
      'The receiver has taken a request when it has answered 200. What it has read and not answered for, it has not ' +
        'taken; so a request that is sent again after a reset or a time-out is no second one. A process that is killed ' +
        'between an answer and its own note of it may send that request twice.',
      'What was recorded is in a journal that each process writes beside, step by step.',
      'Memory is looked at every 5 s. What is resident fills up in the first ten minutes, while what is used stays: ' +
        'the allocator keeps what it has once had. It must not go on. So growth is from the second third of a life to ' +
        'the last, the median of all differences between their samples (Hodges-Lehmann), and the target is for ' +
        'processes that were never killed.',
    ],
  };
}

function balancesOf({ ledger }: Soak, kind: Kind, lives: readonly Life[]): Balance {
  return total(lives.flatMap((life) => ledger.balances(kind, life)));
}

function accounts(soak: Soak, groups: Readonly<Record<string, readonly Life[]>>): Table {
  return {
    title: 'What was recorded, and what arrived',
    columns: ['', 'of', 'sent', 'arrived', 'lost', 'twice', 'out of order', 'points dropped with a reason'],
    rows: Object.entries(groups).flatMap(([name, lives]) =>
      KINDS.map((kind) => {
        const { sent, arrived, lost, twice, outOfOrder } = balancesOf(soak, kind, lives);
        const dropped = lives.reduce((all, life) => all + life.dropped, 0);
        return [name, kind, ...[sent, arrived, lost, twice, outOfOrder, dropped].map(count)];
      }),
    ),
  };
}

function kills({ ledger }: Soak, killed: readonly Life[]): Table {
  return {
    title: 'How long before SIGKILL the first lost step was, in seconds',
    columns: ['', 'steps of each run', ...KINDS],
    rows: killed.map((life) => [
      life.name,
      count(life.stepMillis.length),
      ...KINDS.map((kind) => lostSeconds(kind, life, ledger.balances(kind, life)).toFixed(2)),
    ]),
  };
}

function accountTargets(soak: Soak, ended: readonly Life[], killed: readonly Life[]): Target[] {
  const ofKinds = (what: string, lives: readonly Life[], figure: (balance: Balance) => number): Target => {
    const figures = KINDS.map((kind) => figure(balancesOf(soak, kind, lives)));
    const isMet = figures.every((one) => one === 0);
    return { what: `soak: ${what}`, limit: '0, 0, 0', value: figures.map(count).join(', '), isMet };
  };
  const losses = killed.flatMap((life) =>
    KINDS.map((kind) => lostSeconds(kind, life, soak.ledger.balances(kind, life))),
  );
  return [
    ofKinds('counts, histogram records, step-seconds lost', ended, ({ lost }) => lost),
    ofKinds('the same, twice or out of order', [...ended, ...killed], ({ twice, outOfOrder }) => twice + outOfOrder),
    ...(losses.length > 0
      ? [target('soak: lost by SIGKILL, the most', Math.max(...losses), 1, (value) => `${value.toFixed(2)} s`)]
      : []),
    { what: 'soak: files left in the spool', limit: '0', value: count(soak.left), isMet: soak.left === 0 },
  ];
}

function memory(lives: readonly Life[]): Table {
  const thirds = ['first third', 'second third', 'last third'];
  return {
    title: 'Memory, in MB',
    columns: ['', 'minutes', ...thirds.map((third) => `resident, ${third}`), 'growth', 'the most', 'used, by thirds'],
    rows: lives.map((life) => {
      const resident = inThirds(life.memory.map((sample) => sample.resident));
      const used = inThirds(life.memory.map((sample) => sample.used));
      const median = (samples: readonly number[]) => number(summarise(samples).median);
      return [
        life.name,
        number(life.stepMillis.length / STEPS_A_SECOND / 60),
        ...resident.map(median),
        percent(growthOf(life)),
        number(Math.max(...resident.flat())),
        used.map(median).join(', '),
      ];
    }),
  };
}

/** From the second third to the last, as a share; NaN for a life too short to have thirds. */
function growthOf({ memory }: Life): number {
  const [, second, last] = inThirds(memory.map(({ resident }) => resident));
  return last.length < MIN_SAMPLES ? Number.NaN : shift(second, last) / summarise(second).median;
}

function inThirds<Sample>(samples: readonly Sample[]): [Sample[], Sample[], Sample[]] {
  const third = Math.floor(samples.length / 3);
  return [samples.slice(0, third), samples.slice(third, -third), samples.slice(-third)];
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${(value * 100).toFixed(1)} %` : 'n/a';
}
