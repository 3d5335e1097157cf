import type { Numbers } from '../support/child.ts';
import { number } from '../support/format.ts';
import { interleave, type Samples } from '../support/interleave.ts';
import { Worker } from '../support/parent.ts';
import { Receiver } from '../support/receiver.ts';
import {
  type Results,
  type Section,
  type SectionContext,
  type Table,
  type Target,
  target,
} from '../support/results.ts';
import { medianWithin, type Summary, summarise } from '../support/statistics.ts';
import { CALLS_BEFORE } from './caller.ts';
import { CLIENTS } from './clients.ts';
import { ITEMS, STEPS } from './computed.ts';
import { BATCHES, bodies, COMPUTED, LARGE, OTHER, SMALL } from './exchange.ts';
import { TrainingServer } from './training-server.ts';

interface Subject {
  readonly name: string;
  readonly module: string;
  /** Those whose calls it follows, by their index. */
  readonly clients: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it records Signal's metrics, and sends them. */
  readonly isPackage?: boolean;
  /** Whether it sees every request of the process. */
  readonly isAutomatic?: boolean;
}

const OWN: Subject = {
  name: 'signal-otel/register',
  module: 'instrumentation',
  clients: [0, 1],
  isPackage: true,
  isAutomatic: true,
};

const SUBJECTS: readonly Subject[] = [
  OWN,
  {
    name: 'the collector by hand',
    module: 'by-hand',
    clients: [0, 1],
    env: { SIGNAL_INSTRUMENTATION: 'false' },
    isPackage: true,
  },
  { name: 'instrumentation-undici', module: 'peer-undici', clients: [0], isAutomatic: true },
  { name: 'instrumentation-http', module: 'peer-http', clients: [1], isAutomatic: true },
];

/** Of a block, by the kind of request: 10 to 50 ms, and where it is computed, 200 ms. */
const CALLS = { [SMALL]: 60, [LARGE]: 12, [OTHER]: 60, [COMPUTED]: 20 } as const;
const CHECKS = 200_000;
const ROUNDS_COMPUTED = 60;

const LIMIT_SHARE = 0.03;
const LIMIT_MICROS = 50;
const LIMIT_CHECK_NANOS = 500;

const DURATION = 'signal.performance.forward_backward_duration_ms';

type Kind = keyof typeof CALLS;

/** What one subject does to one kind of request. */
interface Case {
  readonly subject: Subject;
  readonly client: number;
  readonly kind: Kind;
}

/** One block without the subject and one with it, one right after the other. */
interface Pair {
  readonly without: Numbers;
  readonly followed: Numbers;
}

async function run(context: SectionContext): Promise<Results> {
  await using open = new AsyncDisposableStack();
  const server = await Worker.start(new URL('./server.ts', import.meta.url), []);
  open.defer(() => server.stop());
  const { port = 0 } = await server.ask({});
  const trainingServer = open.use(await TrainingServer.start());
  const ports = [port, trainingServer.port].map(String);
  const contenders = new Map<string, () => Promise<Pair>>();
  const computed = new Map<string, () => Promise<Pair>>();
  const cases: Case[] = [];
  const absent: string[][] = [];
  const accounts: Account[] = [];
  for (const subject of SUBJECTS) {
    context.progress(`starting ${subject.name}`);
    const account = open.use(await Account.open(subject.name));
    if (subject.isPackage) accounts.push(account);
    try {
      const worker = await Worker.start(new URL('./caller.ts', import.meta.url), [subject.module, ...ports], {
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: account.url, SIGNAL_GPU_INTERVAL: '0', ...subject.env },
      });
      open.defer(() => worker.stop());
      for (const one of casesOf(subject)) {
        cases.push(one);
        const ofItsKind = one.kind === COMPUTED ? computed : contenders;
        ofItsKind.set(keyOf(one), alternately(blockOf(worker, one, account)));
      }
      for (const client of subject === OWN ? subject.clients : []) {
        contenders.set(
          checkOf(client),
          alternately((followed) => worker.ask({ client, followed, checks: CHECKS })),
        );
      }
    } catch (error) {
      absent.push([subject.name, error instanceof Error ? error.message : String(error)]);
    }
  }
  const measure = (which: typeof contenders, rounds: number, warmUp: number) =>
    interleave(which, { rounds, warmUp, onRound: (round) => context.progress(`round ${round + 1} of ${rounds}`) });
  // The compiler takes its time.
  const samples = new Map([
    ...(await measure(contenders, context.quick ? 5 : 101, context.quick ? 2 : 12)),
    ...(await measure(computed, context.quick ? 5 : ROUNDS_COMPUTED, context.quick ? 1 : 4)),
  ]);
  for (const account of accounts) account.balance();
  return report(cases, samples, absent);
}

function casesOf(subject: Subject): Case[] {
  const kinds: readonly Kind[] = subject.isAutomatic ? [SMALL, LARGE, OTHER, COMPUTED] : [SMALL, LARGE, COMPUTED];
  return kinds.flatMap((kind) => subject.clients.map((client) => ({ subject, client, kind })));
}

/** What was called against what arrived: a call that is not recorded costs nothing. */
class Account implements AsyncDisposable {
  readonly #name: string;
  readonly #receiver: Receiver;
  readonly #arrived: { calls: number };
  #called = 0;

  private constructor(name: string, receiver: Receiver, arrived: { calls: number }) {
    this.#name = name;
    this.#receiver = receiver;
    this.#arrived = arrived;
  }

  static async open(name: string): Promise<Account> {
    const arrived = { calls: 0 };
    const receiver = await Receiver.open({
      takePoints: (points) => {
        for (const { metric, value } of points) if (metric === DURATION) arrived.calls += value;
      },
    });
    return new Account(name, receiver, arrived);
  }

  get url(): string {
    return this.#receiver.url;
  }

  add(calls: number): void {
    this.#called += calls;
  }

  /** @throws Error where it does not balance. */
  balance(): void {
    const { calls } = this.#arrived;
    if (calls !== this.#called) throw new Error(`${this.#name}: of ${this.#called} calls ${calls} arrived`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#receiver[Symbol.asyncDispose]();
  }
}

function blockOf(worker: Worker, { client, kind }: Case, account: Account) {
  const calls = CALLS[kind];
  return (followed: 0 | 1) => {
    if (followed === 1 && kind !== OTHER) account.add(CALLS_BEFORE + calls);
    return worker.ask({ client, kind, calls, followed });
  };
}

/** Takes one block without and one with, by turns the one or the other first. */
function alternately(ask: (followed: 0 | 1) => Promise<Numbers>): () => Promise<Pair> {
  let isFollowedFirst = false;
  return async () => {
    isFollowedFirst = !isFollowedFirst;
    const first = await ask(isFollowedFirst ? 1 : 0);
    const second = await ask(isFollowedFirst ? 0 : 1);
    return isFollowedFirst ? { followed: first, without: second } : { followed: second, without: first };
  };
}

function keyOf({ subject, client, kind }: Case): string {
  return [subject.module, client, kind].join();
}

function checkOf(client: number): string {
  return `check,${client}`;
}

function report(cases: readonly Case[], samples: Samples<Pair>, absent: readonly (readonly string[])[]): Results {
  const typical = (key: string, field: string): Summary =>
    summarise((samples.get(key) ?? []).map(({ without }) => without[field] ?? Number.NaN));
  const added = (key: string, field: string): Summary =>
    medianWithin(
      (samples.get(key) ?? []).map(
        ({ without, followed }) => (followed[field] ?? Number.NaN) - (without[field] ?? Number.NaN),
      ),
    );
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
    of(...kinds).map((one) => [one.subject.name, CLIENTS[one.client] ?? '', requestNames[one.kind], ...figures(one)]);
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
        one.subject.name,
        CLIENTS[one.client] ?? '',
        ...figures(one),
        one.subject === OWN ? interval(check(one.client)) : '',
      ]),
    },
  ];
  return {
    tables,
    targets: [
      ...of(COMPUTED, SMALL, LARGE)
        .filter(({ subject }) => subject === OWN)
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

export const calls: Section = { name: 'calls', title: "Following Signal's calls", run };
