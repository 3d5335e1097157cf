import { contest } from '../support/contest.ts';
import { contestTable } from '../support/contest-table.ts';
import type { Results, Section, SectionContext } from '../support/results.ts';

const EMPTY = 'nothing (the loop and the operation)';
const PLAIN = 'collector without a tracer';
const WITH_SPANS = 'collector with spans';
const SDK = 'OpenTelemetry SDK: span and histogram';

const MODULES = {
  [EMPTY]: 'timing/nothing',
  [PLAIN]: 'timing/collector',
  [WITH_SPANS]: 'timing/collector-spans',
  [SDK]: 'timing/sdk',
  'prom-client: startTimer of a child': 'timing/prom-client',
  'hot-shots: timer, buffered': 'timing/hot-shots',
  'dd-trace: trace and distribution': 'timing/dd-trace',
};

async function run(context: SectionContext): Promise<Results> {
  const outcome = await contest(MODULES, context);
  return {
    tables: [contestTable('An operation', outcome, { own: [PLAIN, WITH_SPANS], reference: SDK, empty: EMPTY })],
    targets: [],
    notes: [
      '`collector.timeOperation` around an empty function. It records the duration, keeps it in history and summary, and ' +
        'makes a span; compare it with spans to the SDK and dd-trace, without to prom-client and hot-shots, which make none.',
      'Spans are sampled. Those of OpenTelemetry are forgotten when they end, those of dd-trace go to a local listener.',
    ],
  };
}

export const timing: Section = { name: 'timing', title: 'Timing an operation', run };
