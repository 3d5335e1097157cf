/** What happens to the fleet, and when: seconds from the start of the measurement. */
export interface Course {
  readonly processes: number;
  /** Of each process, a step a second each. */
  readonly runs: number;
  /** Before it nothing is measured: processes start one after the other. */
  readonly warmUpSeconds: number;
  /** Nothing fails: what is told of throughput, memory and delay is from here. */
  readonly steadySeconds: number;
  /** How long a Collector stays away that was killed. */
  readonly killedSeconds: number;
  readonly outageSeconds: number;
  /** Between two faults, and after the last. */
  readonly pauseSeconds: number;
  readonly intervalMillis: number;
}

export const FULL: Course = {
  processes: 60,
  runs: 20,
  warmUpSeconds: 30,
  steadySeconds: 120,
  killedSeconds: 20,
  outageSeconds: 60,
  pauseSeconds: 30,
  intervalMillis: 10_000,
};

export const QUICK: Course = {
  processes: 8,
  runs: 5,
  warmUpSeconds: 3,
  steadySeconds: 10,
  killedSeconds: 4,
  outageSeconds: 6,
  pauseSeconds: 4,
  intervalMillis: 2_000,
};
