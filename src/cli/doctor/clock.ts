import type { Asker, ClockReading } from './ask.ts';
import { type Finding, failed, ok, skipped, warning } from './finding.ts';

const WARNING_SECONDS = 60;
/** Datadog takes points of at most 10 minutes ahead, and of at most an hour ago. */
const FAILED_SECONDS = 600;

/** This machine's clock against those of the servers that have answered. */
export function examineClock(clocks: Asker['clocks']): Finding[] {
  const byServer = new Map(clocks.map((reading) => [reading.who, reading]));
  if (byServer.size === 0) return [skipped('nobody has answered who tells the time')];
  return [...byServer.values()].map(judge);
}

function judge({ who, aheadMillis }: ClockReading): Finding {
  const seconds = Math.round(Math.abs(aheadMillis) / 1_000);
  if (seconds <= WARNING_SECONDS) return ok(`it agrees with that of ${who}, by ${seconds} s`);
  const found = `it is ${inWords(seconds)} ${aheadMillis > 0 ? 'behind' : 'ahead of'} that of ${who}`;
  const next = "set this machine's clock by NTP (timedatectl set-ntp true), or the other one";
  if (seconds <= FAILED_SECONDS) return warning(found, next);
  return failed(`${found}: Datadog takes points of at most 10 min ahead and 1 h old`, next);
}

function inWords(seconds: number): string {
  return seconds < 600 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
