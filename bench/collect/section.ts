import type { Numbers } from '../support/child.ts';
import { count, number, share, spread } from '../support/format.ts';
import { interleave, type Samples } from '../support/interleave.ts';
import { Worker } from '../support/parent.ts';
import { type Results, type Section, type SectionContext, type Table, target } from '../support/results.ts';
import { ratio, type Summary, summarise } from '../support/statistics.ts';
import { SERIES_PER_RUN } from './series.ts';

interface Size {
  readonly runs: number;
  readonly rounds: number;
  /** Cycles in a round: one of a small size would be too short to time. */
  readonly repeat: number;
}

const SIZES: readonly Size[] = [
  { runs: 1, rounds: 61, repeat: 50 },
  { runs: 100, rounds: 41, repeat: 3 },
  { runs: 1_000, rounds: 31, repeat: 1 },
  { runs: 10_000, rounds: 7, repeat: 1 },
];
const TARGET_RUNS = 1_000;

type Cycle = Samples<Numbers>;
type Step = (cycle: Numbers) => number | undefined;
/** The bound meter's step and the SDK's, where they differ: the package's serializer is compared with the official one. */
type Steps = Readonly<Record<string, Step | readonly [bound: Step, sdk: Step]>>;

const protobuf: Step = ({ protobufMillis }) => protobufMillis;
const own: Step = ({ ownMillis }) => ownMillis;
const withCollect =
  (step: Step): Step =>
  (cycle) =>
    (cycle.collectMillis ?? Number.NaN) + (step(cycle) ?? Number.NaN);

const OFFICIAL = withCollect(protobuf);
const AS_SHIPPED = [withCollect(own), OFFICIAL] as const;
const STEPS: Steps = {
  collect: ({ collectMillis }) => collectMillis,
  'protobuf, official on both sides': protobuf,
  "protobuf, the package's against the official": [own, protobuf],
  'collect + protobuf, official': OFFICIAL,
  'collect + protobuf, as each is shipped': AS_SHIPPED,
  JSON: ({ jsonMillis }) => jsonMillis,
  'collect + JSON': withCollect(({ jsonMillis }) => jsonMillis),
};
const TEXT_STEPS: Steps = {
  'collect, cumulative': ({ collectMillis }) => collectMillis,
  'Prometheus text': ({ textMillis }) => textMillis,
  'collect + Prometheus text': withCollect(({ textMillis }) => textMillis),
};

async function run(context: SectionContext): Promise<Results> {
  const rows: string[][] = [];
  const bytes: string[][] = [];
  let shipped = Number.NaN;
  for (const size of context.quick ? SIZES.slice(0, 3).map((full) => ({ ...full, rounds: 5 })) : SIZES) {
    const delta = await cycles('delta', size, context);
    rows.push(...rowsOf(size.runs, delta, STEPS));
    bytes.push(bytesRow(size.runs, delta));
    if (size.runs === TARGET_RUNS) shipped = relative(delta, AS_SHIPPED).median;
    rows.push(...rowsOf(size.runs, await cycles('cumulative', size, context), TEXT_STEPS));
  }
  return {
    tables: [
      timesTable(rows),
      { title: 'Size of a request', columns: ['runs', 'protobuf, kB', 'JSON, kB'], rows: bytes },
    ],
    targets: [
      target('collect + protobuf at 1 000 runs, as shipped, of the SDK', shipped, 2 / 3, share),
      target('the goal of the same', shipped, 1 / 10, share),
    ],
    notes: [
      `${SERIES_PER_RUN} series a run, each with one new value in every cycle; official readers and serialisers on both ` +
        'sides. Protobuf and JSON: delta, exponential histograms. Prometheus text: cumulative, explicit bounds.',
    ],
  };
}

async function cycles(
  temporality: string,
  { runs, rounds, repeat }: Size,
  { progress }: SectionContext,
): Promise<Cycle> {
  progress(`${runs} runs, ${temporality}`);
  const program = new URL('./worker.ts', import.meta.url);
  const start = (name: string) =>
    Worker.start(program, [name, temporality, String(runs)], { execArgv: ['--expose-gc'] });
  const [bound, sdk] = [await start('bound'), await start('sdk')];
  const contenders = new Map([
    ['bound', () => bound.ask({ repeat })],
    ['sdk', () => sdk.ask({ repeat })],
  ]);
  const onRound = (round: number) => progress(`cycle ${round + 1} of ${rounds}, ${runs} runs, ${temporality}`);
  const samples = await interleave(contenders, { rounds, warmUp: Math.ceil(rounds / 4), onRound });
  bound.stop();
  sdk.stop();
  return samples;
}

function timesTable(rows: readonly (readonly string[])[]): Table {
  return {
    title: 'Time of one collection',
    columns: ['runs', '', 'bound meter, ms', 'middle half', 'SDK, ms', 'middle half', 'of the SDK'],
    rows,
  };
}

function rowsOf(runs: number, samples: Cycle, steps: Steps): string[][] {
  return Object.entries(steps).map(([name, step]) => {
    const { bound: own, sdk: official } = sides(step);
    const [bound, sdk] = [summarise(values(samples, 'bound', own)), summarise(values(samples, 'sdk', official))];
    return [
      count(runs),
      name,
      number(bound.median),
      spread(bound),
      number(sdk.median),
      spread(sdk),
      share(relative(samples, step).median),
    ];
  });
}

function relative(samples: Cycle, step: Steps[string]): Summary {
  const { bound, sdk } = sides(step);
  return ratio(values(samples, 'bound', bound), values(samples, 'sdk', sdk));
}

function sides(step: Steps[string]): { readonly bound: Step; readonly sdk: Step } {
  if (typeof step === 'function') return { bound: step, sdk: step };
  const [bound, sdk] = step;
  return { bound, sdk };
}

function values(samples: Cycle, name: string, step: Step): number[] {
  return (samples.get(name) ?? []).map((cycle) => step(cycle) ?? Number.NaN);
}

function bytesRow(runs: number, samples: Cycle): string[] {
  const [last] = (samples.get('bound') ?? []).slice(-1);
  const kilobytes = (bytes = Number.NaN) => number(bytes / 1_000);
  return [count(runs), kilobytes(last?.protobufBytes), kilobytes(last?.jsonBytes)];
}

export const collect: Section = { name: 'collect', title: 'Collecting and serialising', run };
