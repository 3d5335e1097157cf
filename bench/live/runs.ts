import { fail, type Numbers, serve } from '../support/child.ts';
import { recordDurations, recordGauges } from '../support/collector.ts';
import { createMetricsCollector, healthRules, observeRuns, RunStore, serveLivePage } from '../support/package.ts';
import { DURATIONS, GAUGES, STEPS_PER_SECOND } from './load.ts';

/** A process with runs and their page, which does as it is asked. */

/** A page tells what is new as often. */
const TICK_MILLIS = 100;
const BATCH = 1_000;

const store = new RunStore();
const runs: {
  readonly runId: string;
  readonly model: string;
  readonly healthRules: typeof healthRules;
  getHealth(): [];
}[] = [];
let lastStep = 0;
let startedMillis = 0;

function step(number: number): void {
  const timestampMillis = startedMillis + (number * 1_000) / STEPS_PER_SECOND;
  for (const [index, run] of runs.entries()) {
    const metrics: Record<string, number> = {};
    for (const [at, name] of GAUGES.entries()) metrics[name] = curveAt(number, index + at);
    for (const name of DURATIONS) metrics[name] = 20 + 100 * curveAt(number, index);
    store.kept(run, { timestampMillis, step: number, metrics });
  }
}

/** A curve with noise. */
function curveAt(number: number, of: number): number {
  return 2 / (1 + number / 5_000) + Math.sin(number / 9_000 + of) / 4 + Math.random() / 5;
}

const actions: Readonly<Record<string, (amount: number, request: Numbers) => Numbers | Promise<Numbers>>> = {
  /** Runs with so many steps behind them. */
  async fill(steps, { runs: count = 1 }) {
    startedMillis = Date.now() - (steps * 1_000) / STEPS_PER_SECOND;
    for (let index = 0; index < count; index++) {
      runs.push({ runId: `run_${index}`, model: 'm', healthRules, getHealth: () => [] });
    }
    for (lastStep = 1; lastStep <= steps; lastStep++) step(lastStep);
    return {};
  },

  /** The page, and from now on new steps. */
  async serve() {
    const { promise, resolve, reject } = Promise.withResolvers<Numbers>();
    serveLivePage({
      store,
      port: 0,
      log: {
        info: (message) => resolve({ port: Number(/:(\d+)\//.exec(message)?.[1]) }),
        warn: (message) => reject(new Error(message)),
      },
    });
    setInterval(() => {
      const due = (Date.now() - startedMillis) * (STEPS_PER_SECOND / 1_000);
      while (lastStep < due) step(lastStep++);
    }, TICK_MILLIS / 5);
    return promise;
  },

  /** What a page that opens, and one that is open, cost this process's event loop. */
  snapshot(rounds) {
    const millis = Array.from({ length: rounds }, () => {
      const started = performance.now();
      JSON.stringify(store.toWire());
      return performance.now() - started;
    });
    const news = Array.from({ length: rounds }, () => {
      for (let count = 0; count < (STEPS_PER_SECOND * TICK_MILLIS) / 1_000; count++) step(lastStep++);
      const started = performance.now();
      JSON.stringify(store.take());
      return performance.now() - started;
    });
    return {
      snapshotMillis: median(millis),
      newsMillis: median(news),
      snapshotBytes: JSON.stringify(store.toWire()).length,
    };
  },

  /** A step of a collector, in nanoseconds. */
  record(steps, { observed }) {
    const end = observed ? observeRuns(new RunStore()) : () => {};
    const collector = createMetricsCollector({ runId: `run_recorded_${observed}` });
    const batch = (from: number) => {
      for (let number = from; number < from + BATCH; number++) {
        recordGauges(collector, number);
        recordDurations(collector, number);
      }
    };
    let from = 0;
    for (; from < steps / 4; from += BATCH) batch(from);
    const started = performance.now();
    for (const begun = from; from < begun + steps; from += BATCH) batch(from);
    const nanos = ((performance.now() - started) * 1e6) / steps;
    collector.end();
    end();
    return { nanos };
  },
};

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  serve(async (request) => {
    for (const [name, act] of Object.entries(actions)) {
      const amount = request[name];
      if (amount !== undefined) return act(amount, request);
    }
    throw new RangeError(`No such action: ${Object.keys(request)}`);
  });
} catch (error) {
  fail(error);
}
