import { contest } from '../support/contest.ts';
import { contestTable } from '../support/contest-table.ts';
import { share } from '../support/format.ts';
import { type Results, type Section, type SectionContext, target } from '../support/results.ts';
import { ratio } from '../support/statistics.ts';

const BOUND = 'bound meter';
const SDK = 'OpenTelemetry SDK, reused attributes';
const PROM = 'prom-client, children';
const DD_TRACE = 'dd-trace, dogstatsd';

const MODULES = {
  'nothing (the loop)': 'recording/nothing',
  [BOUND]: 'recording/bound',
  'collector (history and summary too)': 'recording/collector',
  [SDK]: 'recording/sdk',
  [PROM]: 'recording/prom-client',
  'hot-shots, buffered': 'recording/hot-shots',
  'datadog-metrics': 'recording/datadog-metrics',
  [DD_TRACE]: 'recording/dd-trace',
};

async function run(context: SectionContext): Promise<Results> {
  const outcome = await contest(MODULES, context);
  const { samples } = outcome;
  const shareOf = (name: string) => ratio(samples.get(BOUND) ?? [], samples.get(name) ?? []).median;
  return {
    tables: [contestTable('A step', outcome, { own: [BOUND], reference: SDK, empty: 'nothing (the loop)' })],
    targets: [
      target('recording a step, of the OpenTelemetry SDK', shareOf(SDK), 1 / 100, share),
      target('recording a step, of prom-client', shareOf(PROM), 1 / 60, share),
      target('recording a step, of dd-trace', shareOf(DD_TRACE), 1 / 8, share),
    ],
    notes: [
      'A step is 9 gauges, 1 counter and 2 histograms with 4 attributes. Each contender has a process of its own, and is ' +
        'collected from or flushed after each batch, outside of the timed region.',
      'The collector makes three calls a step, with objects as a training loop writes them.',
    ],
  };
}

export const recording: Section = { name: 'recording', title: 'Recording a step', run };
