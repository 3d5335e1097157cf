import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpWatcher } from '../../../src/instrumentation/http-watcher.ts';
import { doNow } from '../../../src/instrumentation/later.ts';
import { CallTracker } from '../../../src/instrumentation/tracker.ts';
import { watchRequests } from '../../../src/instrumentation/watch.ts';
import { json, type SignalServer, startSignalServer } from '../../support/signal-server.ts';
import { TestMetrics, TestSpans } from '../../support/telemetry.ts';

const RUN = 'run_0123456789abcdef';
const LOSS = 'signal.training.loss';

let metrics: TestMetrics;
let spans: TestSpans;
let server: SignalServer;
let stop: () => void;

beforeEach(async () => {
  metrics = new TestMetrics();
  spans = new TestSpans();
  server = await startSignalServer();
  const tracker = new CallTracker({
    readsLater: true,
    idleTimeoutMillis: 3_600_000,
    meterProvider: metrics.provider,
    tracerProvider: spans.provider,
  });
  const watcher = createHttpWatcher([], tracker);
  const stopWatching = watchRequests(() => watcher);
  stop = () => {
    stopWatching();
    tracker.close();
    watcher.close();
  };
});

afterEach(async () => {
  stop();
  await server[Symbol.asyncDispose]();
});

async function post(path: string): Promise<string> {
  return (await fetch(`${server.url}/runs/${RUN}/${path}`, { method: 'POST', body: '{}' })).text();
}

/** Since the epoch, as a span has it. */
function nowMillis(): number {
  return performance.timeOrigin + performance.now();
}

describe('an answer that is read later', () => {
  it('is read a moment later, or at once where somebody asks', async () => {
    server.answer(json({ loss: 0.5, step: 1 }));
    await post('forward_backward');
    doNow();
    expect(await metrics.values(LOSS)).toEqual([0.5]);
    server.answer(json({ loss: 0.25, step: 2 }));
    await post('forward_backward');
    await expect.poll(() => metrics.values(LOSS)).toEqual([0.25]);
  });

  it('names a future that may be asked for at once, and the call lasts until that is known', async () => {
    server.answer(
      json({ future_id: 'f1', status: 'pending' }),
      json({ status: 'completed', result: { loss: 0.5, step: 1 } }),
    );
    await post('forward_backward_async');
    const askedMillis = nowMillis();
    await (await fetch(`${server.url}/futures/f1`)).text();
    expect(await metrics.values(LOSS)).toEqual([0.5]);
    const [
      {
        endTime: [seconds, nanos],
      } = { endTime: [0, 0] },
    ] = spans.finished();
    expect(seconds * 1e3 + nanos / 1e6).toBeGreaterThan(askedMillis - 1);
  });

  it('has its duration from when it was there', async () => {
    server.answer(json({ loss: 0.5, step: 1 }));
    await post('forward_backward');
    const thereMillis = nowMillis();
    const until = performance.now() + 100;
    while (performance.now() < until);
    doNow();
    const [
      {
        endTime: [seconds, nanos],
      } = { endTime: [0, 0] },
    ] = spans.finished();
    expect(seconds * 1e3 + nanos / 1e6).toBeLessThan(thereMillis + 50);
  });
});
