import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { TemporaryFolder } from '../../test/support/temporary-folder.ts';
import { count } from '../support/format.ts';
import type { Results, Section, SectionContext } from '../support/results.ts';
import { type Course, FULL, QUICK } from './course.ts';
import type { Hop } from './hop.ts';
import { FLEET_KINDS, FleetLedger } from './ledger.ts';
import { Part } from './part.ts';
import { report, type Steady } from './report.ts';
import { Topology } from './topology.ts';
import { Trainer } from './trainer.ts';

const LOOK_EVERY_SECONDS = 5;
/** Until all has arrived, and then for what may come twice. */
const DRAIN_SECONDS = 180;
const QUIET_SECONDS = 15;

async function run({ quick, progress }: SectionContext): Promise<Results> {
  const course = quick ? QUICK : FULL;
  await using open = new AsyncDisposableStack();
  const folder = open.use(new TemporaryFolder()).path;
  const ledger = new FleetLedger();
  const topology = open.use(await Topology.open(folder, ledger));
  const trainers: Trainer[] = [];
  open.defer(() => {
    for (const trainer of trainers) trainer.kill();
  });
  for (let at = 0; at < course.processes; at++) {
    progress(`starting process ${at + 1} of ${course.processes}`);
    const name = `process-${at}`;
    const { runs, intervalMillis } = course;
    const options = { name, journal: join(folder, `${name}.journal`), runs, url: topology.url, intervalMillis };
    trainers.push(await Trainer.start(options));
  }
  const parts = [new Part('a training process', () => trainers.flatMap(({ pids }) => pids)), ...topology.parts];
  let second = 0;
  const wait = async (phase: string, seconds: number) => {
    for (const end = second + seconds; second < end; second++) {
      progress(`second ${second}, ${phase}; ${count(ledger.points)} points and ${count(ledger.spans)} spans arrived`);
      if (second % LOOK_EVERY_SECONDS === 0) for (const part of parts) part.look();
      await setTimeout(1_000);
    }
  };
  await wait('warming up', course.warmUpSeconds);
  const steady = await measureSteady(course, ledger, topology, parts, wait);
  const queueMegabytes = await fail(course, topology, wait);
  progress('the processes end');
  await Promise.all(trainers.map((trainer) => trainer.end()));
  await drain(ledger, trainers, wait);
  return report({ course, ledger, steady, parts, queueMegabytes, intake: topology.intake, trainers });
}

type Wait = (phase: string, seconds: number) => Promise<void>;

async function measureSteady(
  { steadySeconds }: Course,
  ledger: FleetLedger,
  topology: Topology,
  parts: readonly Part[],
  wait: Wait,
): Promise<Steady> {
  const [points, spans, before] = [ledger.points, ledger.spans, topology.bytes()];
  for (const part of parts) part.start();
  ledger.isTimed = true;
  const started = performance.now();
  await wait('nothing fails', steadySeconds);
  ledger.isTimed = false;
  const bytes = topology.bytes();
  return {
    seconds: (performance.now() - started) / 1_000,
    points: ledger.points - points,
    spans: ledger.spans - spans,
    bytes: {
      toAgent: bytes.toAgent - before.toAgent,
      toGateways: bytes.toGateways - before.toGateways,
      metrics: bytes.metrics - before.metrics,
      spans: bytes.spans - before.spans,
      uncompressed: bytes.uncompressed - before.uncompressed,
    },
    processorSeconds: new Map(parts.map((part) => [part.name, part.processorSeconds()])),
  };
}

/** @returns how much the disks of all Collectors had at the end of the outage, in MB. */
async function fail(course: Course, { agent, gateways, intake }: Topology, wait: Wait): Promise<number> {
  const { killedSeconds, pauseSeconds, outageSeconds } = course;
  const killed = async (name: string, hop: Hop) => {
    await hop.kill();
    await wait(`${name} is away`, killedSeconds);
    await hop.restart();
  };
  await killed('gateway 1', gateways[0]);
  await wait('it is back', pauseSeconds);
  await killed('the agent', agent);
  await wait('it is back', pauseSeconds);
  await intake.behave({ kind: 'refuse' });
  await wait('the intake is away', (outageSeconds - killedSeconds) / 2);
  await killed('the intake and gateway 2', gateways[1]);
  await wait('the intake is away', (outageSeconds - killedSeconds) / 2);
  const megabytes = [agent, ...gateways].reduce((all, hop) => all + hop.megabytes, 0);
  await intake.behave({ kind: 'take' });
  await wait('it is back', pauseSeconds);
  return megabytes;
}

async function drain(ledger: FleetLedger, trainers: readonly Trainer[], wait: Wait): Promise<void> {
  const trainings = trainers.map((trainer) => trainer.training());
  const isMissing = () =>
    FLEET_KINDS.some((kind) =>
      trainings.some((training) => ledger.balances(kind, training).some(({ lost }) => lost > 0)),
    );
  for (let seconds = 0; seconds < DRAIN_SECONDS && isMissing(); seconds += 5) await wait('the rest arrives', 5);
  await wait('whether anything comes twice', QUIET_SECONDS);
}

export const fleet: Section = {
  name: 'fleet',
  title: 'A fleet through an agent and two gateways, with faults',
  isOnDemand: true,
  run,
};
