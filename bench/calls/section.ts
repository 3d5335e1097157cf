import type { Numbers } from '../support/child.ts';
import { alternately, interleave, type Pair } from '../support/interleave.ts';
import { Worker } from '../support/parent.ts';
import type { Results, Section, SectionContext } from '../support/results.ts';
import { CALLS_BEFORE } from './caller.ts';
import { CALLS, type Case, CONTENDERS, casesOf, checkOf, keyOf, OWN, ROUNDS_COMPUTED } from './cases.ts';
import { COMPUTED, OTHER } from './exchange.ts';
import { Ledger } from './ledger.ts';
import { report } from './report.ts';
import { TrainingServer } from './training-server.ts';

const CHECKS = 200_000;

type Measure = () => Promise<Pair<Numbers>>;

async function run(context: SectionContext): Promise<Results> {
  await using open = new AsyncDisposableStack();
  const server = await Worker.start(new URL('./server.ts', import.meta.url), []);
  open.defer(() => server.stop());
  const { port = 0 } = await server.ask({});
  const trainingServer = open.use(await TrainingServer.start());
  const ports = [port, trainingServer.port].map(String);
  const answered = new Map<string, Measure>();
  const computed = new Map<string, Measure>();
  const cases: Case[] = [];
  const absent: string[][] = [];
  const ledgers: Ledger[] = [];
  for (const contender of CONTENDERS) {
    const { name, module } = contender;
    context.progress(`starting ${name}`);
    const ledger = open.use(await Ledger.open(name));
    if (contender.isPackage) ledgers.push(ledger);
    try {
      const worker = await Worker.start(new URL('./caller.ts', import.meta.url), [module, ...ports], {
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: ledger.url, SIGNAL_GPU_INTERVAL: '0', ...contender.env },
      });
      open.defer(() => worker.stop());
      for (const one of casesOf(contender)) {
        cases.push(one);
        (one.kind === COMPUTED ? computed : answered).set(keyOf(one), alternately(blockOf(worker, one, ledger)));
      }
      for (const client of contender === OWN ? contender.clients : []) {
        const check = (followed: 0 | 1) => worker.ask({ client, followed, checks: CHECKS });
        answered.set(checkOf(client), alternately(check));
      }
    } catch (error) {
      absent.push([name, error instanceof Error ? error.message : String(error)]);
    }
  }
  const measure = (which: ReadonlyMap<string, Measure>, rounds: number, warmUp: number) =>
    interleave(which, { rounds, warmUp, onRound: (round) => context.progress(`round ${round + 1} of ${rounds}`) });
  // The compiler takes its time.
  const samples = new Map([
    ...(await measure(answered, context.quick ? 5 : 101, context.quick ? 2 : 12)),
    ...(await measure(computed, context.quick ? 5 : ROUNDS_COMPUTED, context.quick ? 1 : 4)),
  ]);
  for (const ledger of ledgers) ledger.balance();
  return report(cases, samples, absent);
}

function blockOf(worker: Worker, { client, kind }: Case, ledger: Ledger) {
  const calls = CALLS[kind];
  return (followed: 0 | 1) => {
    if (followed === 1 && kind !== OTHER) ledger.add(CALLS_BEFORE + calls);
    return worker.ask({ client, kind, calls, followed });
  };
}

export const calls: Section = { name: 'calls', title: "Following Signal's calls", run };
