import type { Numbers } from '../support/child.ts';
import { number } from '../support/format.ts';
import type { Pair, Samples } from '../support/interleave.ts';
import { type Results, type Table, type Target, target } from '../support/results.ts';
import { medianWithin, type Summary, summarise } from '../support/statistics.ts';
import { CALLS_BEFORE } from './caller.ts';
import { CALLS, type Case, checkOf, type Kind, keyOf, OWN, ROUNDS_COMPUTED } from './cases.ts';
import { CLIENTS } from './clients.ts';
import { ITEMS, STEPS } from './computed.ts';
import { BATCHES, bodies, COMPUTED, LARGE, OTHER, SMALL } from './exchange.ts';

const LIMIT_SHARE = 0.03;
const LIMIT_MICROS = 50;
const LIMIT_CHECK_NANOS = 500;

/** @param absent a row for each contender that did not take part. */
export function report(
  cases: readonly Case[],
  samples: Samples<Pair<Numbers>>,
  absent: readonly (readonly string[])[],
): Results {
  const typical = (key: string, field: string): Summary =>
    summarise((samples.get(key) ?? []).map(({ off }) => off[field] ?? Number.NaN));
  const added = (key: string, field: string): Summary =>
    medianWithin((samples.get(key) ?? []).map(({ off, on }) => (on[field] ?? Number.NaN) - (off[field] ?? Number.NaN)));
  const figures = (one: Case): string[] => {
    const [without, more] = [typical(keyOf(one), 'micros').median, added(keyOf(one), 'micros')];
    return [
      number(without),
      number(without + more.median),
      interval(more),
      percent(more.median / without),
      interval(added(keyOf(one), 'cpuMicros')),
    ];
  };
  const of = (...kinds: readonly Kind[]) =>
    cases.filter(({ kind }) => kinds.includes(kind)).toSorted((a, b) => a.client - b.client || a.kind - b.kind);
  const columns = ['without, us', 'with, us', 'added, us', 'of the call', 'CPU added, us'];
  const check = (client: number) => added(checkOf(client), 'nanos');
  const forwardBackwards = (...kinds: readonly Kind[]) =>
    of(...kinds).map((one) => [one.contender.name, CLIENTS[one.client] ?? '', requestNames[one.kind], ...figures(one)]);
  const tables: readonly Table[] = [
    {
      title: 'A forward_backward over loopback, computed',
      columns: ['', 'client', 'request', ...columns],
      rows: forwardBackwards(COMPUTED),
    },
    {
      title: 'A forward_backward over loopback, answered at once',
      columns: ['', 'client', 'request', ...columns],
      rows: [...forwardBackwards(SMALL, LARGE), ...absent],
    },
    {
      title: `A request that is not Signal's`,
      columns: ['', 'client', ...columns, 'the look at it alone, ns'],
      rows: of(OTHER).map((one) => [
        one.contender.name,
        CLIENTS[one.client] ?? '',
        ...figures(one),
        one.contender === OWN ? interval(check(one.client)) : '',
      ]),
    },
  ];
  return {
    tables,
    targets: [
      ...of(COMPUTED, SMALL, LARGE)
        .filter(({ contender }) => contender === OWN)
        .map((one) => smallShare(one, added(keyOf(one), 'micros'), typical(keyOf(one), 'micros').median)),
      ...OWN.clients.map((client) =>
        target(
          `the look at a request that is not Signal's, by ${CLIENTS[client]}`,
          check(client).median,
          LIMIT_CHECK_NANOS,
          (nanos) => `${number(nanos)} ns`,
        ),
      ),
    ],
    notes: NOTES,
  };
}

const requestNames: Readonly<Record<Kind, string>> = {
  [SMALL]: fixedName(0),
  [LARGE]: fixedName(1),
  [OTHER]: '',
  [COMPUTED]: `${ITEMS} items of ${STEPS} steps`,
};

function fixedName(size: number): string {
  return `${number(Math.round((bodies[size] ?? '').length / 1_000))} kB, ${BATCHES[size]} items`;
}

function smallShare({ client, kind }: Case, added: Summary, without: number): Target {
  const how = kind === COMPUTED ? 'computed' : 'answered at once';
  return {
    what: `what following a forward_backward adds, by ${CLIENTS[client]}, ${how}, ${requestNames[kind]}`,
    limit: `at most ${LIMIT_MICROS} us or ${percent(LIMIT_SHARE)}`,
    value: `${number(added.median)} us, ${percent(added.median / without)}`,
    isMet: Number.isFinite(added.median) ? added.median <= Math.max(LIMIT_MICROS, LIMIT_SHARE * without) : undefined,
  };
}

function interval({ median, low, high }: Summary): string {
  return `${number(median)} (${number(low)} to ${number(high)})`;
}

function percent(share: number): string {
  return `${number(share * 100)} %`;
}

const NOTES = [
  `Computed: the server is the examples' own (examples/training-server), a process of its own on the same machine. It ` +
    `computes loss and gradients of ${ITEMS} items of ${STEPS} steps of CartPole, with enhanced_ppo, as the example driver ` +
    'asks for them: some 60 kB. It is the same computation each time, for there is no optim_step between. What is done while ' +
    'it works is no part of the call, as with a real server, which takes seconds; but where no processor is free for it ' +
    'here, it holds up the computation.',
  'Answered at once is the harder case: the server is a process that reads a request to its end and gives the same answer ' +
    "to all. There is no time in which anything could be done unnoticed. Reading the request's facts is a part of the call; " +
    'and what `signal-otel/register` leaves to the next turn of the event loop, reading the answer once the caller has gone ' +
    'on, holds up the next call, which comes at once. By hand the answer is read before.',
  `By turns in one process: blocks of ${CALLS[SMALL]} calls of the small request, ${CALLS[LARGE]} of the large one and ` +
    `${CALLS[COMPUTED]} of the one that is computed, one block with and one without, one after the other. ` +
    'The median of their differences decides; beside it is the interval that holds the true one in at least 95 of 100 ' +
    `cases. The first ${CALLS_BEFORE} calls of a block are not counted.`,
  `A computation varies by more than what is looked for, so the interval of its ${ROUNDS_COMPUTED} pairs of blocks is ` +
    'wide. The CPU added is of the calling process alone, without the computation: it tells what is done for a call, ' +
    'whenever that is.',
  "Without the package: all its listeners are off Node's diagnostics channels. `disable()` would do that for fewer, and " +
    'begin anew with each `enable()`. The peers are turned by their own `enable()` and `disable()`. Request bodies are made ' +
    'before; answers are read as JSON by the caller in both blocks.',
  'The package is started whole, with metrics and spans by OTLP to a receiver that takes them, between the blocks: every ' +
    'call has arrived there, or the benchmark fails. The peers make a span that is forgotten when it ends and a histogram ' +
    'of their own; they record nothing that an answer or a request says.',
  "The look at a request that is not Signal's is measured without sending any: a request's announcement by Node's channel, " +
    'with listeners and without.',
];
