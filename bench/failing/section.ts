import { TemporaryFolder } from '../../test/support/temporary-folder.ts';
import type { Numbers } from '../support/child.ts';
import { number } from '../support/format.ts';
import { alternately, interleave, type Pair, type Samples } from '../support/interleave.ts';
import { Worker } from '../support/parent.ts';
import { type Behaviour, Receiver } from '../support/receiver.ts';
import type { Results, Section, SectionContext, Target } from '../support/results.ts';
import { medianWithin, type Summary, summarise } from '../support/statistics.ts';

interface Variant {
  readonly name: string;
  readonly receiver: Behaviour;
  readonly hasSpool?: boolean;
  readonly isTarget?: boolean;
}

const VARIANTS: readonly Variant[] = [
  { name: 'delivery works', receiver: { kind: 'take' } },
  { name: 'the receiver refuses connections', receiver: { kind: 'refuse' }, isTarget: true },
  { name: 'the receiver accepts and hangs', receiver: { kind: 'hang' }, isTarget: true },
  { name: 'it refuses, with a spool', receiver: { kind: 'refuse' }, hasSpool: true, isTarget: true },
];

const LIMIT = 1.01;

/** A segment is as long as the interval of the exports, so that each with records has the work of one in it. */
const STEPS = 100;
const INTERVAL_MILLIS = 3_000;

async function run({ quick, progress }: SectionContext): Promise<Results> {
  const rounds = quick ? 1 : 9;
  await using open = new AsyncDisposableStack();
  const contenders = new Map<string, () => Promise<Pair<Numbers>>>();
  for (const variant of VARIANTS) {
    const worker = await begin(variant, open);
    worker.pause();
    const measure = alternately((recorded) => worker.ask({ steps: STEPS, recorded }));
    contenders.set(variant.name, async () => {
      worker.resume();
      const pair = await measure();
      worker.pause();
      return pair;
    });
  }
  const samples = await interleave(contenders, {
    rounds,
    // The first export loads the SDK.
    warmUp: 1,
    onRound: (round) => progress(`round ${round + 1} of ${rounds}`),
  });
  return report(samples);
}

async function begin({ receiver: behaviour, hasSpool }: Variant, open: AsyncDisposableStack): Promise<Worker> {
  const receiver = open.use(await Receiver.open());
  await receiver.behave(behaviour);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_METRIC_EXPORT_INTERVAL: String(INTERVAL_MILLIS),
    ...(hasSpool && { SIGNAL_SPOOL_DIR: open.use(new TemporaryFolder()).path }),
  };
  const worker = await Worker.start(new URL('./loop.ts', import.meta.url), [], {
    execArgv: ['--require', 'signal-otel/register'],
    env,
  });
  open.defer(() => worker.stop());
  return worker;
}

function report(samples: Samples<Pair<Numbers>>): Results {
  const relative = (name: string, field: 'millis' | 'cpuMillis'): Summary =>
    medianWithin(
      (samples.get(name) ?? []).map(({ off, on }) => (on[field] ?? Number.NaN) / (off[field] ?? Number.NaN)),
    );
  const typical = (name: string) =>
    summarise((samples.get(name) ?? []).map(({ off }) => off.millis ?? Number.NaN)).median;
  return {
    tables: [
      {
        title: 'A training loop while delivery fails',
        columns: ['', 'ms a step, without', 'with the package, of that', 'CPU: with, of without'],
        rows: VARIANTS.map(({ name }) => [
          name,
          number(typical(name)),
          interval(relative(name, 'millis')),
          interval(relative(name, 'cpuMillis')),
        ]),
      },
    ],
    targets: VARIANTS.filter(({ isTarget }) => isTarget).map(({ name }) =>
      atMost(`a training loop, ${name}: of the loop without the package`, relative(name, 'millis')),
    ),
    notes: [
      'A step is about 30 ms of arithmetic and a turn of the event loop. With the package it records 9 gauges, a counter, ' +
        `and two timed operations with their spans. Exports come every ${INTERVAL_MILLIS / 1_000} s.`,
      `By turns in one process, ${STEPS} steps without records and ${STEPS} with them: from one process to another the ` +
        'arithmetic alone differs by a third. Other processes are stopped (SIGSTOP) meanwhile. The median of the ratios ' +
        'decides; beside it is the interval that holds the true one in at least 95 of 100 cases.',
    ],
  };
}

function interval({ median, low, high }: Summary): string {
  return `${median.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
}

function atMost(what: string, summary: Summary): Target {
  return { what, limit: `at most ${LIMIT}`, value: interval(summary), isMet: summary.median <= LIMIT };
}

export const failing: Section = { name: 'failing', title: 'While delivery fails all the time', run };
