import { type Balance, KINDS, type Kind, total } from '../support/account.ts';
import { count, number } from '../support/format.ts';
import type { Receiver } from '../support/receiver.ts';
import { type Results, type Table, type Target, target } from '../support/results.ts';
import { shift, summarise } from '../support/statistics.ts';
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

/** Memory settles in a process's first minute: code is compiled, buffers find their size. */
const SETTLING_SECONDS = 60;
const GROWTH_LIMIT = 0.1;

export function report(soak: Soak): Results {
  const killed = soak.lives.filter(({ killedMillis }) => killedMillis !== undefined);
  const ended = soak.lives.filter(({ killedMillis }) => killedMillis === undefined);
  const { minutes, runs, secondsOfMinute, faultFrom, faultTo } = soak.course;
  const growths = ended.map((life) => ({ life, growth: growthOf(life) }));
  const worst = Math.max(...growths.map(({ growth }) => growth?.share ?? Number.NEGATIVE_INFINITY));
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
      ...(Number.isFinite(worst)
        ? [target('soak: growth of resident memory, the worst', worst, GROWTH_LIMIT, percent)]
        : []),
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
      `Growth: the median of all differences between a sample of the last third and one of the first (Hodges-Lehmann), ` +
        `of processes that came to their end; the first ${SETTLING_SECONDS} s of each are left out.`,
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
  return {
    title: 'Resident memory, in MB',
    columns: ['', 'minutes', 'first third', 'last third', 'growth', 'the most'],
    rows: lives.map((life) => {
      const growth = growthOf(life);
      return [
        life.name,
        number(life.stepMillis.length / 600),
        number(growth?.first ?? Number.NaN),
        number(growth?.last ?? Number.NaN),
        growth === undefined || life.killedMillis !== undefined ? '' : percent(growth.share),
        number(Math.max(...life.memory.map(({ megabytes }) => megabytes))),
      ];
    }),
  };
}

interface Growth {
  /** Medians. */
  readonly first: number;
  readonly last: number;
  /** Of the first third. */
  readonly share: number;
}

/** `undefined` for a life too short to have thirds. */
function growthOf({ memory }: Life): Growth | undefined {
  const from = (memory[0]?.second ?? 0) + SETTLING_SECONDS;
  const settled = memory.filter(({ second }) => second >= from).map(({ megabytes }) => megabytes);
  const third = Math.floor(settled.length / 3);
  if (third < 6) return undefined;
  const [first, last] = [settled.slice(0, third), settled.slice(-third)];
  const { median } = summarise(first);
  return { first: median, last: summarise(last).median, share: shift(first, last) / median };
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
