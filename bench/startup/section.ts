import { number, share, spread } from '../support/format.ts';
import { interleave, type Samples } from '../support/interleave.ts';
import { type Results, type Section, type SectionContext, target } from '../support/results.ts';
import { difference, type Summary } from '../support/statistics.ts';
import { type Launch, launch } from './launch.ts';

const EMPTY = 'nothing';
const REGISTER = '--require signal-otel/register';
const API = '--require @opentelemetry/api (CommonJS)';
const NODE_SDK = 'NodeSDK started, metrics and traces';

const PRELOADS: Readonly<Record<string, readonly string[]>> = {
  [EMPTY]: [],
  [REGISTER]: ['--require', 'signal-otel/register'],
  '--import signal-otel/register': ['--import', 'signal-otel/register'],
  [API]: ['--require', '@opentelemetry/api'],
  '--import @opentelemetry/api (ES module)': ['--import', '@opentelemetry/api'],
  [NODE_SDK]: ['--require', './bench/startup/preload/node-sdk.cjs'],
  '@vercel/otel, with a metric reader': ['--require', './bench/peers/vercel-otel/preload.cjs'],
  'prom-client': ['--require', './bench/startup/preload/prom-client.cjs'],
  'hot-shots, a client': ['--require', './bench/startup/preload/hot-shots.cjs'],
  'dd-trace/init': ['--require', './bench/startup/preload/dd-trace.cjs'],
};

async function run({ quick, progress }: SectionContext): Promise<Results> {
  const contenders = new Map<string, () => Launch>();
  const absent: string[][] = [];
  for (const [name, preload] of Object.entries(PRELOADS)) {
    progress(`trying ${name}`);
    try {
      launch(preload);
      contenders.set(name, () => launch(preload));
    } catch (error) {
      absent.push([name, error instanceof Error ? error.message : String(error)]);
    }
  }
  const rounds = quick ? 5 : 61;
  const samples = await interleave(contenders, {
    rounds,
    warmUp: quick ? 1 : 3,
    onRound: (round) => progress(`round ${round + 1} of ${rounds}`),
  });
  return report(samples, absent);
}

function report(samples: Samples<Launch>, absent: readonly (readonly string[])[]): Results {
  const added = (name: string, field: keyof Launch): Summary => {
    const of = (which: string) => (samples.get(which) ?? []).map((one) => one[field]);
    return name === EMPTY ? difference(of(name), [...of(name)].fill(0)) : difference(of(name), of(EMPTY));
  };
  const relative = (name: string, other: string) => added(name, 'millis').median / added(other, 'millis').median;
  const row = (name: string) => {
    const millis = added(name, 'millis');
    return [
      name,
      number(millis.median),
      spread(millis),
      ...(name === EMPTY ? ['', ''] : [share(relative(name, API)), share(relative(REGISTER, name))]),
      number(added(name, 'cpuMillis').median),
      number(added(name, 'megabytes').median),
    ];
  };
  const columns = [
    'preload',
    'ms added',
    'middle half',
    'of the API',
    'register: its share',
    'CPU ms added',
    'MB added',
  ];
  return {
    tables: [
      {
        title: 'What a preload adds to an empty script',
        columns,
        rows: [...samples.keys()].map(row).concat(absent.map((one) => [...one])),
      },
    ],
    targets: [
      target('start-up added by register, of loading @opentelemetry/api', relative(REGISTER, API), 1.6, share),
      target('start-up added by register, of NodeSDK', relative(REGISTER, NODE_SDK), 1 / 6, share),
    ],
    notes: [
      'From the start of the process to its end; the row "nothing" is the whole of it, the others what comes on top. CPU ' +
        'time and resident memory are read by the script.',
    ],
  };
}

export const startup: Section = { name: 'startup', title: 'Start-up', run };
