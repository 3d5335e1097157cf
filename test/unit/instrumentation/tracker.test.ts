import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SignalCall } from '../../../src/instrumentation/call.ts';
import { CallTracker } from '../../../src/instrumentation/tracker.ts';
import { TestMetrics, TestSpans } from '../../support/telemetry.ts';

const RUN = 'run_0123456789abcdef';
/** More than are kept of those whose outcome has not been asked for. */
const MANY = 10_001;

let spans: TestSpans;
let tracker: CallTracker;

beforeEach(() => {
  const { provider: meterProvider } = new TestMetrics();
  spans = new TestSpans();
  tracker = new CallTracker({ idleTimeoutMillis: 60_000, meterProvider, tracerProvider: spans.provider });
});

afterEach(() => {
  tracker.close();
  tracker.runs.endAll();
});

function begin(): SignalCall {
  return tracker.beginClientCall('forward_backward', RUN);
}

describe('operations that are asked for later', () => {
  it('leave no id behind, where the client knows fewer than its request', () => {
    const waiting = begin();
    tracker.await(waiting, ['future_of_the_first']);
    for (let count = 0; count < MANY; count++) {
      const call = begin();
      tracker.await(call, [`future_${count}`, `${RUN}/request_${count}`]);
      tracker.await(call, [`future_${count}`]);
      call.succeed(undefined);
      expect(tracker.pending(`${RUN}/request_${count}`)).toBeUndefined();
    }
    tracker.await(begin(), ['future_of_the_last']);
    expect(tracker.pending('future_of_the_first')).toBe(waiting);
    expect(spans.finished().filter(({ attributes }) => attributes.unfinished)).toEqual([]);
  });

  it('are not waited for once the call is over', () => {
    const call = begin();
    call.succeed(undefined);
    tracker.await(call, ['future']);
    expect(tracker.pending('future')).toBeUndefined();
  });

  it('give way where there are too many, the oldest first', () => {
    for (let count = 0; count < MANY; count++) tracker.await(begin(), [`future_${count}`]);
    expect(tracker.pending('future_0')).toBeUndefined();
    expect(tracker.pending('future_1')).toBeDefined();
    expect(spans.finished()).toMatchObject([{ attributes: { unfinished: true } }]);
  });
});
