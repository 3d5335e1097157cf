/** A sample by its quartiles: the machine is shared, and means follow whoever else is at work. */
export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function summarise(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) };
}

/** Round by round, so that what slows a round down slows both sides of a ratio. */
export function ratio(samples: readonly number[], reference: readonly number[]): Summary {
  return summarise(samples.map((sample, round) => sample / (reference[round] ?? Number.NaN)));
}

export function difference(samples: readonly number[], reference: readonly number[]): Summary {
  return summarise(samples.map((sample, round) => sample - (reference[round] ?? Number.NaN)));
}

function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
