import {
  type HealthLevel,
  type HealthRule,
  type HealthThreshold,
  healthRules,
  isBeyond,
  isUpper,
} from '../src/catalogue/index.ts';

export interface Side {
  readonly name: string;
  readonly value: number;
  readonly level: HealthLevel | undefined;
}

/** The numbers on either side of each threshold; one of the two is the threshold itself. */
export function sidesOf(rule: HealthRule): Side[] {
  return [rule.warning, rule.critical].flatMap((threshold) =>
    threshold === undefined
      ? []
      : [goodSideOf(threshold), badOf(threshold)].map((value) => {
          const level = levelOf(rule, value);
          return { name: `${value} is ${level ?? 'well'}`, value, level };
        }),
  );
}

function levelOf({ warning, critical }: HealthRule, value: number): HealthLevel | undefined {
  if (critical !== undefined && isBeyond(critical, value)) return 'critical';
  return warning !== undefined && isBeyond(warning, value) ? 'warning' : undefined;
}

export function badOf(threshold: HealthThreshold): number {
  const { value } = threshold;
  return isBeyond(threshold, value) ? value : beside(value, isUpper(threshold) ? 1 : -1);
}

function goodSideOf(threshold: HealthThreshold): number {
  const { value } = threshold;
  return isBeyond(threshold, value) ? beside(value, isUpper(threshold) ? -1 : 1) : value;
}

/** A thousandth away. */
function beside(value: number, direction: 1 | -1): number {
  return plain(value * (1 + direction / 1_000));
}

/** A number that every rule of the metric finds good, far from all thresholds. */
export function goodOf({ metric }: Pick<HealthRule, 'metric'>): number {
  const rules: readonly HealthRule[] = healthRules;
  const thresholds = rules
    .filter((rule) => rule.metric === metric)
    .flatMap(({ warning, critical }) => [warning, critical])
    .filter((threshold) => threshold !== undefined);
  const highest = Math.min(...thresholds.filter(isUpper).map(({ value }) => value));
  const lowest = Math.max(...thresholds.filter((threshold) => !isUpper(threshold)).map(({ value }) => value));
  if (!Number.isFinite(lowest)) return plain(highest / 2);
  return plain(Number.isFinite(highest) ? (lowest + highest) / 2 : lowest * 1.2);
}

/** As one would write it: a thousandth less than 0.05 is 0.04995 and not 0.049949999999999994. */
function plain(value: number): number {
  return Number(value.toPrecision(12));
}
