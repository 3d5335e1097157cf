import type { Behaviour } from '../support/receiver.ts';

export interface Fault {
  readonly name: string;
  readonly behaviour: Behaviour;
  /** Whether drivers with a spool are killed, one before the fault and one in it, and started again. */
  readonly kills?: boolean;
}

/** One a minute, again and again. */
export const FAULTS: readonly Fault[] = [
  { name: 'refuses connections', behaviour: { kind: 'refuse' } },
  { name: 'never answers', behaviour: { kind: 'hang' } },
  { name: 'resets connections', behaviour: { kind: 'reset' } },
  { name: 'answers 429 with Retry-After', behaviour: { kind: 'answer', status: 429, retryAfterSeconds: 3 } },
  { name: 'answers 503', behaviour: { kind: 'answer', status: 503 } },
  // Below the time-out, so that it is clear to both sides what has been taken.
  { name: 'answers after 2 s', behaviour: { kind: 'take', delayMillis: 2_000 } },
  { name: 'answers 413 to more than 500 points', behaviour: { kind: 'take', maxPoints: 500 } },
  { name: 'refuses, drivers are killed', behaviour: { kind: 'refuse' }, kills: true },
];

export interface Course {
  readonly minutes: number;
  /** A minute is shorter where all is only to be seen to work. */
  readonly secondsOfMinute: number;
  readonly faultFrom: number;
  readonly faultTo: number;
  readonly intervalMillis: number;
  /** Of each driver. */
  readonly runs: number;
}

export const FULL: Course = {
  minutes: 30,
  secondsOfMinute: 60,
  faultFrom: 10,
  faultTo: 40,
  intervalMillis: 10_000,
  runs: 40,
};
export const QUICK: Course = {
  minutes: FAULTS.length + 1,
  secondsOfMinute: 12,
  faultFrom: 2,
  faultTo: 8,
  intervalMillis: 1_000,
  runs: 8,
};
