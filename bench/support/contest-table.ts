import type { Contest } from './contest.ts';
import { number, share, spread } from './format.ts';
import type { Samples } from './interleave.ts';
import type { Table } from './results.ts';
import { difference, ratio, type Summary, summarise } from './statistics.ts';

export interface Roles {
  /** The package's own contenders. */
  readonly own: readonly string[];
  readonly reference: string;
  /** The one that does nothing, whose turns cost what turns cost. */
  readonly empty: string;
}

export function contestTable(title: string, contest: Contest, roles: Roles): Table {
  const { samples, samplesInTurns, absent } = contest;
  const rows = [...samples.keys()].map((name) => row(name, samples, samplesInTurns, roles));
  const missing = [...absent].map(([name, reason]) => [name, reason]);
  return {
    title,
    columns: [
      '',
      'ns',
      'middle half',
      'of the SDK',
      ...roles.own.map((own) => `${own}: its share`),
      'each in a turn of its own, ns',
    ],
    rows: [...rows, ...missing],
  };
}

function row(name: string, samples: Samples, samplesInTurns: Samples, { own, reference, empty }: Roles): string[] {
  const of = (source: Samples, which: string) => source.get(which) ?? [];
  const summary = summarise(of(samples, name));
  const inTurns: Summary = difference(of(samplesInTurns, name), of(samplesInTurns, empty));
  return [
    name,
    number(summary.median),
    spread(summary),
    share(ratio(of(samples, name), of(samples, reference)).median),
    ...own.map((one) =>
      own.includes(name) || name === empty ? '' : share(ratio(of(samples, one), of(samples, name)).median),
    ),
    name === empty ? '' : number(inTurns.median),
  ];
}
