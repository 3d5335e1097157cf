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

/**
 * The median, and the interval that holds the true one in at least 95 of 100 cases, whatever the samples' distribution:
 * from the k-th smallest to the k-th largest. Below six samples no interval can promise that; then it is all of them.
 */
export function medianWithin(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  let rank = 0;
  // How likely at most so many samples are below the true median: half of what may be missed is on either side.
  for (let likelihood = 0.5 ** sorted.length, sum = likelihood; sum <= 0.025; sum += likelihood) {
    rank += 1;
    likelihood *= (sorted.length - rank + 1) / rank;
  }
  const outermost = Math.max(0, rank - 1);
  return {
    low: sorted[outermost] ?? Number.NaN,
    median: quantile(sorted, 0.5),
    high: sorted[sorted.length - 1 - outermost] ?? Number.NaN,
  };
}

/** How much higher the second samples are, by the median of all differences (Hodges-Lehmann): outliers move it little. */
export function shift(before: readonly number[], after: readonly number[]): number {
  return summarise(after.flatMap((late) => before.map((early) => late - early))).median;
}

function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
