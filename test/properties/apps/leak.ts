/**
 * Two rounds of the same kinds of calls, every one with a name, a tag, a text or an error that has never been there.
 * Prints what of the heap is in use before, between and after, in bytes.
 */
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { createMetricsCollector, SignalMetrics } from '../../../src/index.ts';
import { BoundFixture } from '../../support/bound.ts';
import { anything } from '../arbitraries.ts';

const CALLS = 100_000;
/** Long enough that a few thousand of them kept alive would show. */
const LONG = 'x'.repeat(5_000);

const { gc } = globalThis;
if (gc === undefined) throw new Error('run it with --expose-gc');

const { provider, producers } = new BoundFixture({ maxSeries: 1_000 });
const collector = createMetricsCollector({ runId: 'run_1', meterProvider: provider });
const client = new SignalMetrics({ meterProvider: provider });
let serial = 0;

function call(hostile: readonly (() => unknown)[]): void {
  const id = serial++;
  const long = `${id}${LONG}`;
  const [value, other] = hostile.map((make) => make());
  switch (id % 10) {
    case 0:
      client.gauge(`custom.loss_${id}`, id);
      break;
    case 1:
      client.increment('custom.count', 1, { tags: [`id:${long}`] });
      break;
    case 2:
      client.set(`custom.set_${id % 2_000}`, long);
      break;
    case 3:
      collector.timeOperation(long, () => value);
      break;
    case 4:
      collector.startOperation('sample').end({ error: Object.assign(new Error(long), { code: `E${id}` }) });
      break;
    case 5:
      collector.collectTrainingMetrics({ step: id, loss: 1, extraMetrics: { [`extra_${id}`]: id, [long]: id } });
      break;
    case 6:
      Reflect.apply(collector.collectRlMetrics, collector, [{ [`field_${id}`]: 1, [long]: value }]);
      break;
    case 7:
      collector.collectResult({ loss: id, [`key_${id}`]: id, metrics: value });
      break;
    case 8:
      Reflect.apply(client.histogram, client, [value, other, { tags: value }]);
      break;
    default:
      Reflect.apply(client.increment, client, [`custom.counter_${id % 3_000}`, other, { tags: { [`k${id}`]: long } }]);
  }
}

async function round(seed: number): Promise<void> {
  for (let made = 0; made < CALLS; made += 1_000) {
    for (const hostile of fc.sample(fc.tuple(anything, anything), { numRuns: 1_000, seed: seed + made })) call(hostile);
    for (const producer of producers) await producer.collect();
    await setImmediate();
  }
}

async function heapUsed(): Promise<number> {
  // It holds as many calls as before, of other sizes.
  collector.metricsHistory.clear();
  for (let time = 0; time < 3; time++) {
    gc?.();
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}

fc.sample(anything, { numRuns: 1_000, seed: 0 });
const heap = [await heapUsed()];
// The first round fills what is bounded; sets have room for more than it gives.
for (let value = 0; value < 100_000; value++) client.set(`custom.full_${value % 100}`, `${value}${LONG}`);
for (const seed of [1, 1_000_000]) {
  await round(seed);
  heap.push(await heapUsed());
}
process.stdout.write(JSON.stringify(heap));
