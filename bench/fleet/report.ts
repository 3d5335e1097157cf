import { type Balance, total } from '../support/account.ts';
import { count, number } from '../support/format.ts';
import type { Receiver } from '../support/receiver.ts';
import type { Results, Table, Target } from '../support/results.ts';
import type { Course } from './course.ts';
import { FLEET_KINDS, type FleetKind, type FleetLedger } from './ledger.ts';
import type { Part } from './part.ts';
import { type Cost, sizing } from './sizing.ts';
import type { HopBytes } from './topology.ts';
import type { Trainer } from './trainer.ts';

/** While nothing failed. */
export interface Steady {
  readonly seconds: number;
  readonly points: number;
  readonly spans: number;
  readonly bytes: HopBytes;
  /** By the part's name. */
  readonly processorSeconds: ReadonlyMap<string, number>;
}

export interface FleetRun {
  readonly course: Course;
  readonly ledger: FleetLedger;
  readonly steady: Steady;
  readonly parts: readonly Part[];
  /** On the disks of all Collectors when the outage was over. */
  readonly queueMegabytes: number;
  readonly intake: Receiver;
  readonly trainers: readonly Trainer[];
}

export function report(fleet: FleetRun): Results {
  const { course, ledger, steady, intake, trainers } = fleet;
  const trainings = trainers.map((trainer) => trainer.training());
  const balances = new Map(
    FLEET_KINDS.map((kind) => [kind, total(trainings.flatMap((training) => ledger.balances(kind, training)))]),
  );
  const runs = course.processes * course.runs;
  return {
    tables: [
      accounts(balances),
      costs(fleet),
      wire(fleet),
      delays(ledger),
      sizing(costOf(fleet)),
      {
        title: 'What became of the requests to the intake',
        columns: ['', 'requests'],
        rows: [...intake.answers].map(([what, requests]) => [what, count(requests)]),
      },
    ],
    targets: [zero('lost', balances, ({ lost }) => lost), zero('twice', balances, ({ twice }) => twice)],
    notes: [
      `${course.processes} processes with ${course.runs} runs each, ${count(runs)} in all. A run takes a step a second: ` +
        '9 gauges, a counter, 2 histograms, 2 spans, and its health. Settings are as shipped, such as an export every ' +
        `${course.intervalMillis / 1_000} s.`,
      'One agent (deploy/agent.yaml), a TCP load balancer, two gateways (deploy/durable.yaml), and a double of ' +
        "Datadog's OTLP intake, all on this machine with its disk, fsync included.",
      `Nothing fails for ${course.steadySeconds} s; then a gateway is killed (SIGKILL) and stays away for ` +
        `${course.killedSeconds} s, then the agent, then the intake is away for ${course.outageSeconds} s, in which ` +
        'the other gateway, with its queue full of data, is killed and started anew. Then the processes end.',
      'What was recorded is in a journal that each process writes beside. What arrived is told apart by the times of ' +
        "points and the spans' ids.",
      'Processor time, bytes, delay and throughput are of the time in which nothing failed; memory is the most that was ' +
        'seen in the whole run.',
      `${count(trainers.reduce((all, { dropped }) => all + dropped, 0))} points and spans were dropped with a reason. ` +
        `When the outage was over, the disks of the three Collectors held ${number(fleet.queueMegabytes)} MB.`,
      `${count(steady.points)} points and ${count(steady.spans)} spans came in ${number(steady.seconds)} s.`,
    ],
  };
}

type Balances = ReadonlyMap<FleetKind, Balance>;

function accounts(balances: Balances): Table {
  return {
    title: 'What the fleet recorded, and what arrived',
    columns: ['', 'recorded', 'arrived', 'lost', 'twice'],
    rows: [...balances].map(([kind, { sent, arrived, lost, twice }]) => [
      kind,
      ...[sent, arrived, lost, twice].map(count),
    ]),
  };
}

function zero(what: string, balances: Balances, figure: (balance: Balance) => number): Target {
  const figures = [...balances.values()].map(figure);
  return {
    what: `a fleet: ${FLEET_KINDS.join(', ')} ${what}`,
    limit: figures.map(() => '0').join(', '),
    value: figures.map(count).join(', '),
    isMet: figures.every((one) => one === 0),
  };
}

function costs({ steady, parts, course }: FleetRun): Table {
  const itemsASecond = (steady.points + steady.spans) / steady.seconds;
  return {
    title: 'What each part needs',
    columns: ['', 'processor, % of a core', 'points and spans a second', 'the same for a whole core', 'memory, MB'],
    rows: parts.map((part) => {
      const processes = part.name.startsWith('gateway') ? 1 : part.name === 'agent' ? 1 : course.processes;
      const cores = (steady.processorSeconds.get(part.name) ?? Number.NaN) / steady.seconds / processes;
      // Which gateway has what share is the load balancer's chance: both together have all of it.
      const items = part.name.startsWith('gateway') ? itemsASecond / 2 : itemsASecond / processes;
      return [
        part.name,
        number(cores * 100),
        number(items),
        number(items / cores),
        number(Math.max(...part.megabytes)),
      ];
    }),
  };
}

function wire({ steady, course }: FleetRun): Table {
  const steps = course.processes * course.runs * steady.seconds;
  const { toAgent, toGateways, metrics, spans, uncompressed } = steady.bytes;
  const row = (name: string, bytes: number) => [name, number(bytes / steps), number(bytes / steady.seconds / 1_000)];
  return {
    title: 'Bytes, compressed on the wire',
    columns: ['', 'for each step', 'kB a second'],
    rows: [
      row('processes to the agent, headers included', toAgent),
      row('the agent to the gateways, headers included', toGateways),
      row('the gateways to the intake, metrics', metrics),
      row('the gateways to the intake, spans', spans),
      row('as they wait on disk, uncompressed', uncompressed),
    ],
  };
}

function delays({ delayMillis }: FleetLedger): Table {
  const sorted = Float64Array.from(delayMillis).sort();
  const at = (share: number) => number((sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN) / 1_000);
  return {
    title: 'From a step to the intake, in seconds',
    columns: ['steps', 'p50', 'p99', 'the longest'],
    rows: [[count(sorted.length), at(0.5), at(0.99), at(1)]],
  };
}

function costOf({ steady, parts, course }: FleetRun): Cost {
  const runSeconds = course.processes * course.runs * steady.seconds;
  const seconds = (name: string) => (steady.processorSeconds.get(name) ?? Number.NaN) / runSeconds;
  const gateways = parts.filter(({ name }) => name.startsWith('gateway'));
  return {
    points: steady.points / runSeconds,
    spans: steady.spans / runSeconds,
    agentCores: seconds('agent'),
    gatewayCores: gateways.reduce((all, { name }) => all + seconds(name), 0),
    bytesToGateways: steady.bytes.toGateways / runSeconds,
    bytesToIntake: (steady.bytes.metrics + steady.bytes.spans) / runSeconds,
    bytesWaiting: steady.bytes.uncompressed / runSeconds,
  };
}
