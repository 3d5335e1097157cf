/** Samples by contender, one for each round. */
export type Samples<Sample = number> = ReadonlyMap<string, readonly Sample[]>;

export interface Rounds {
  readonly rounds: number;
  /** Rounds before the first that counts. */
  readonly warmUp: number;
  onRound(round: number): void;
}

/**
 * Takes one sample of each contender in turn, again and again, beginning with another one each time: whatever slows the
 * machine down for a while meets all of them.
 */
export async function interleave<Sample>(
  contenders: ReadonlyMap<string, () => Sample | Promise<Sample>>,
  { rounds, warmUp, onRound }: Rounds,
): Promise<Samples<Sample>> {
  const samples = new Map<string, Sample[]>();
  const entries = [...contenders];
  for (const [name] of entries) samples.set(name, []);
  for (let round = -warmUp; round < rounds; round++) {
    onRound(Math.max(0, round));
    const first = (round + warmUp) % entries.length;
    for (const [name, measure] of [...entries.slice(first), ...entries.slice(0, first)]) {
      const sample = await measure();
      if (round >= 0) samples.get(name)?.push(sample);
    }
  }
  return samples;
}

/** Something measured without what is looked at, and with it, one right after the other. */
export interface Pair<Sample> {
  readonly off: Sample;
  readonly on: Sample;
}

/** Takes both samples of a pair, by turns the one or the other first. */
export function alternately<Sample>(measure: (on: 0 | 1) => Promise<Sample>): () => Promise<Pair<Sample>> {
  let isOnFirst = false;
  return async () => {
    isOnFirst = !isOnFirst;
    const first = await measure(isOnFirst ? 1 : 0);
    const second = await measure(isOnFirst ? 0 : 1);
    return isOnFirst ? { on: first, off: second } : { off: first, on: second };
  };
}
