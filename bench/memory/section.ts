import type { Numbers } from '../support/child.ts';
import { count, number } from '../support/format.ts';
import { Worker } from '../support/parent.ts';
import { type Results, type Section, type SectionContext, type Target, target } from '../support/results.ts';
import type { SourceName } from './sources.ts';

interface Case {
  readonly what: string;
  readonly source: SourceName;
  readonly temporality: 'delta' | 'cumulative';
  readonly runs: number;
  readonly steps: number;
  /** What the package promises; the SDK is there to compare. */
  readonly isTarget: boolean;
}

const STEPS = 1_000_000;
const RUNS = 100_000;
const STEPS_PER_RUN = 20;
/** It keeps every run for ever where it is cumulative, and each collection walks over all of them. */
const SDK_RUNS = 10_000;
const LIMIT_MEGABYTES = 10;

const one = { runs: 1, steps: STEPS };
const many = { runs: RUNS, steps: STEPS_PER_RUN };
const fewer = { runs: SDK_RUNS, steps: STEPS_PER_RUN };

const CASES: readonly Case[] = [
  { what: 'bound meter', source: 'bound', temporality: 'delta', ...one, isTarget: true },
  { what: 'bound meter', source: 'bound', temporality: 'cumulative', ...one, isTarget: true },
  { what: 'collector', source: 'collector', temporality: 'delta', ...one, isTarget: true },
  { what: 'OpenTelemetry SDK', source: 'sdk', temporality: 'delta', ...one, isTarget: false },
  { what: 'bound meter', source: 'bound', temporality: 'delta', ...many, isTarget: true },
  { what: 'bound meter', source: 'bound', temporality: 'cumulative', ...many, isTarget: true },
  { what: 'collector', source: 'collector', temporality: 'delta', ...many, isTarget: true },
  { what: 'collector', source: 'collector', temporality: 'cumulative', ...many, isTarget: true },
  { what: 'OpenTelemetry SDK', source: 'sdk', temporality: 'delta', ...fewer, isTarget: false },
  { what: 'OpenTelemetry SDK', source: 'sdk', temporality: 'cumulative', ...fewer, isTarget: false },
];

async function run({ quick, progress }: SectionContext): Promise<Results> {
  const outcomes: { readonly asked: Case; readonly figures: Numbers }[] = [];
  for (const full of CASES) {
    const asked = quick ? smaller(full) : full;
    progress(`${asked.what}, ${asked.temporality}, ${shape(asked)}`);
    outcomes.push({ asked, figures: await measure(asked) });
  }
  return {
    tables: [
      {
        title: 'What is reachable after a garbage collection',
        columns: ['', 'temporality', 'what it records', 'MB at a tenth', 'MB at the end', 'grown by', 'runs complete'],
        rows: outcomes.map(({ asked, figures }) => row(asked, figures)),
      },
    ],
    targets: outcomes.filter(({ asked }) => asked.isTarget).flatMap(({ asked, figures }) => targets(asked, figures)),
    notes: [
      `A run is complete where its last loss, all its steps and all its durations arrived. Its series end with the run: ` +
        'the bound meter unbinds, the SDK has nothing of the kind.',
      'Collected after every 1 000 steps, or every 100 runs.',
    ],
  };
}

async function measure({ source, temporality, runs, steps }: Case): Promise<Numbers> {
  const program = new URL('./worker.ts', import.meta.url);
  const worker = await Worker.start(program, [source, temporality], { execArgv: ['--expose-gc'] });
  try {
    return await worker.ask({ runs, steps });
  } finally {
    worker.stop();
  }
}

function smaller(full: Case): Case {
  return full.runs === 1 ? { ...full, steps: full.steps / 20 } : { ...full, runs: full.runs / 20 };
}

function row(asked: Case, { atTenth = Number.NaN, atEnd = Number.NaN, complete }: Numbers): string[] {
  return [
    asked.what,
    asked.temporality,
    shape(asked),
    number(atTenth),
    number(atEnd),
    megabytes(atEnd - atTenth),
    complete === undefined ? '' : `${count(complete)} of ${count(asked.runs)}`,
  ];
}

function targets(asked: Case, { atTenth = Number.NaN, atEnd = Number.NaN, complete }: Numbers): Target[] {
  const name = `${asked.what}, ${asked.temporality}, ${shape(asked)}`;
  const growth = target(`memory: ${name}`, atEnd - atTenth, LIMIT_MEGABYTES, megabytes);
  if (complete === undefined) return [growth];
  const value = `${count(complete)} of ${count(asked.runs)}`;
  return [growth, { what: `complete runs: ${name}`, limit: 'all', value, isMet: complete === asked.runs }];
}

function shape({ runs, steps }: Case): string {
  return runs === 1 ? `${count(steps)} steps of one run` : `${count(runs)} runs of ${steps} steps`;
}

function megabytes(value: number): string {
  const text = value.toFixed(1);
  return `${text === '-0.0' ? '0.0' : text} MB`;
}

export const memory: Section = { name: 'memory', title: 'Memory', run };
