import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { TemporaryFolder } from '../../test/support/temporary-folder.ts';
import { Receiver } from '../support/receiver.ts';
import type { Results, Section, SectionContext } from '../support/results.ts';
import { type Course, FAULTS, type Fault, FULL, QUICK } from './course.ts';
import { Driver } from './fleet.ts';
import { Ledger } from './ledger.ts';
import { report } from './report.ts';

const LOOK_EVERY_SECONDS = 5;

async function run({ quick, minutes, progress }: SectionContext): Promise<Results> {
  const base = quick ? QUICK : FULL;
  const course = { ...base, minutes: minutes ?? base.minutes };
  await using open = new AsyncDisposableStack();
  const folder = open.use(new TemporaryFolder()).path;
  const ledger = new Ledger();
  const receiver = open.use(await Receiver.open({ takePoints: (points) => ledger.add(points) }));
  const { intervalMillis, runs } = course;
  const options = { folder, url: receiver.url, intervalMillis, runs };
  const fleet = {
    steady: ['memory-1', 'memory-2', 'spool-1'].map((name) => new Driver(name, name.startsWith('spool'), options)),
    killed: ['killed-1', 'killed-2'].map((name) => new Driver(name, true, options)),
  };
  const drivers = [...fleet.steady, ...fleet.killed];
  for (const driver of drivers) {
    await driver.start();
    open.defer(() => driver.kill());
  }
  const seconds = await endure(course, receiver, drivers, fleet.killed, progress);
  await Promise.all(drivers.map((driver) => driver.end(seconds)));
  const left = readdirSync(join(folder, 'spool')).length;
  return report({ course, ledger, receiver, left, lives: drivers.flatMap(({ lives }) => lives) });
}

async function endure(
  { minutes, secondsOfMinute, faultFrom, faultTo }: Course,
  receiver: Receiver,
  drivers: readonly Driver[],
  victims: readonly Driver[],
  progress: (text: string) => void,
): Promise<number> {
  const started = performance.now();
  const seconds = minutes * secondsOfMinute;
  for (let second = 0; second < seconds; second++) {
    const minute = Math.floor(second / secondsOfMinute);
    // The last minute is for what still waits.
    const fault = minute < minutes - 1 ? FAULTS[minute % FAULTS.length] : undefined;
    const at = second % secondsOfMinute;
    if (fault?.kills && at === faultFrom) await restart(victims[0]);
    if (fault?.kills && at === Math.floor((faultFrom + faultTo) / 2)) await restart(victims[1]);
    if (fault !== undefined && at === faultFrom) await receiver.behave(fault.behaviour);
    if (at === faultTo) await receiver.behave({ kind: 'take' });
    if (second % LOOK_EVERY_SECONDS === 0) await Promise.all(drivers.map((driver) => driver.look(second)));
    if (second % 2 === 0)
      progress(`minute ${minute + 1} of ${minutes}, ${state(at, faultFrom, faultTo, fault, drivers)}`);
    await setTimeout(Math.max(0, started + (second + 1) * 1_000 - performance.now()));
  }
  return seconds;
}

async function restart(driver: Driver | undefined): Promise<void> {
  driver?.kill();
  await driver?.start();
}

function state(at: number, from: number, to: number, fault: Fault | undefined, drivers: readonly Driver[]): string {
  const name = fault !== undefined && at >= from && at < to ? `the receiver ${fault.name}` : 'the receiver works';
  return `${name}; ${drivers.map(({ megabytes }) => `${Math.round(megabytes)} MB`).join(', ')}`;
}

export const soak: Section = {
  name: 'soak',
  title: 'A soak, with a fault each minute',
  isOnDemand: true,
  run,
};
