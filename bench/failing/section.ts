import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Numbers } from '../support/child.ts';
import { number } from '../support/format.ts';
import { interleave } from '../support/interleave.ts';
import { Worker, type WorkerSettings } from '../support/parent.ts';
import { type Behaviour, Receiver } from '../support/receiver.ts';
import type { Results, Section, SectionContext, Target } from '../support/results.ts';
import { medianWithin, ratio, type Summary, summarise } from '../support/statistics.ts';

interface Variant {
  readonly name: string;
  /** `undefined` for a loop without the package. */
  readonly receiver?: Behaviour;
  readonly hasSpool?: boolean;
  readonly isTarget?: boolean;
}

const BARE = 'without the package';
const CONTROL = 'without the package, once more';

const VARIANTS: readonly Variant[] = [
  { name: BARE },
  { name: CONTROL },
  { name: 'delivery works', receiver: { kind: 'take' } },
  { name: 'the receiver refuses connections', receiver: { kind: 'refuse' }, isTarget: true },
  { name: 'the receiver accepts and hangs', receiver: { kind: 'hang' }, isTarget: true },
  { name: 'it refuses, with a spool', receiver: { kind: 'refuse' }, hasSpool: true, isTarget: true },
];

const LIMIT = 1.01;

/** A segment is as long as the interval of the exports, so that each has the work of one in it. */
const STEPS = 330;
const INTERVAL_MILLIS = 10_000;
const SEGMENTS = 1;

type Field = 'millis' | 'cpuMillis';

/** For each variant the segments of one generation: processes that were started for it. */
type Generation = ReadonlyMap<string, readonly Numbers[]>;

async function run({ quick, progress }: SectionContext): Promise<Results> {
  const count = quick ? 1 : 6;
  const generations: Generation[] = [];
  for (let index = 0; index < count; index++) {
    generations.push(await generation((text) => progress(`round ${index + 1} of ${count}, ${text}`)));
  }
  return report(generations);
}

async function generation(progress: (text: string) => void): Promise<Generation> {
  await using open = new AsyncDisposableStack();
  const contenders = new Map<string, () => Promise<Numbers>>();
  for (const variant of VARIANTS) {
    const worker = await begin(variant, open);
    worker.pause();
    contenders.set(variant.name, async () => {
      worker.resume();
      const figures = await worker.ask({ steps: STEPS });
      worker.pause();
      return figures;
    });
  }
  // Awaited here: the processes end with this function.
  return await interleave(contenders, {
    rounds: SEGMENTS,
    // The first export loads the SDK.
    warmUp: 1,
    onRound: (segment) => progress(`segment ${segment + 1} of ${SEGMENTS}`),
  });
}

async function begin({ receiver: behaviour, hasSpool }: Variant, open: AsyncDisposableStack): Promise<Worker> {
  const program = new URL('./loop.ts', import.meta.url);
  const start = async (kind: string, settings?: WorkerSettings) => {
    const worker = await Worker.start(program, [kind], settings);
    open.defer(() => worker.stop());
    return worker;
  };
  if (behaviour === undefined) return start('bare');
  const receiver = open.use(await Receiver.open());
  await receiver.behave(behaviour);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_METRIC_EXPORT_INTERVAL: String(INTERVAL_MILLIS),
    ...(hasSpool && { SIGNAL_SPOOL_DIR: temporaryFolder(open) }),
  };
  return start('recorded', { execArgv: ['--require', 'signal-otel/register'], env });
}

function temporaryFolder(open: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), 'signal-otel-failing-'));
  open.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function report(generations: readonly Generation[]): Results {
  const row = ({ name }: Variant) => [
    name,
    number(typical(generations, name, 'millis')),
    ...(name === BARE ? [''] : [interval(relative(generations, name, 'millis'))]),
    number(typical(generations, name, 'cpuMillis')),
    ...(name === BARE ? [''] : [interval(relative(generations, name, 'cpuMillis'))]),
  ];
  return {
    tables: [
      {
        title: 'A training loop while delivery fails',
        columns: ['', 'ms a step', 'of the loop without', 'CPU ms a step', 'of the CPU without'],
        rows: VARIANTS.map(row),
      },
    ],
    targets: VARIANTS.filter(({ isTarget }) => isTarget).map(({ name }) =>
      atMost(`a training loop, ${name}: of the loop without the package`, relative(generations, name, 'millis')),
    ),
    notes: [
      'A step is about 30 ms of arithmetic and a turn of the event loop. It records 9 gauges, a counter, and two timed ' +
        `operations with their spans. Exports come every ${INTERVAL_MILLIS / 1_000} s.`,
      `By turns, ${STEPS} steps at a time: whoever has no turn is stopped (SIGSTOP). One ratio to the loop without the ` +
        `package for each set of fresh processes; the median of ${generations.length} sets decides, beside it is the ` +
        'interval that holds the true one in at least 95 of 100 cases, by the order of the sets.',
      `"${CONTROL}" is the same loop in another process: it shows what the method can tell apart.`,
    ],
  };
}

function samplesOf(one: Generation, name: string, field: Field): number[] {
  return (one.get(name) ?? []).map((figures) => figures[field] ?? Number.NaN);
}

function typical(generations: readonly Generation[], name: string, field: Field): number {
  return summarise(generations.flatMap((one) => samplesOf(one, name, field))).median;
}

/** A process may be fast or slow for its whole life, by where its memory lies: processes are the samples, not turns. */
function relative(generations: readonly Generation[], name: string, field: Field): Summary {
  return medianWithin(generations.map((one) => ratio(samplesOf(one, name, field), samplesOf(one, BARE, field)).median));
}

function interval({ median, low, high }: Summary): string {
  return `${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

function atMost(what: string, summary: Summary): Target {
  return { what, limit: `at most ${LIMIT}`, value: interval(summary), isMet: summary.median <= LIMIT };
}

export const failing: Section = { name: 'failing', title: 'While delivery fails all the time', run };
