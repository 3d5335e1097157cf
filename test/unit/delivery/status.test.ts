import { describe, expect, it, vi } from 'vitest';
import { DeliveryStatus } from '../../../src/delivery/status.ts';
import { CapturedLog } from '../../support/log.ts';

const URL = 'http://c:4318/v1/metrics';

function createStatus() {
  const log = new CapturedLog();
  return { log, status: new DeliveryStatus(log) };
}

describe('DeliveryStatus', () => {
  it('warns once while delivery fails, whichever signals do, and says once that it works again', () => {
    const { log, status } = createStatus();
    for (let time = 0; time < 100; time++) {
      status.failed('metrics', URL, 'ECONNREFUSED', 'Is it there?');
      status.failed('traces', 'http://c:4318/v1/traces', 'ECONNREFUSED', 'Is it there?');
    }
    expect(log.warnings).toEqual([expect.stringContaining(`cannot deliver metrics to ${URL}: ECONNREFUSED`)]);
    status.delivered('metrics', URL, 1);
    expect(log.infos).toEqual([]);
    status.delivered('traces', URL, 1);
    status.delivered('traces', URL, 1);
    expect(log.infos).toEqual([`delivery works again: ${URL}; nothing was lost`]);
  });

  it('does not warn again at once where delivery comes and goes, and does once the pause is over', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const { log, status } = createStatus();
      for (let time = 0; time < 100; time++) {
        status.failed('metrics', URL, 'ECONNREFUSED', 'Is it there?');
        status.delivered('metrics', URL, 1);
      }
      expect(log.warnings).toHaveLength(1);
      expect(log.infos).toHaveLength(1);
      vi.advanceTimersByTime(61_000);
      for (let time = 0; time < 3; time++) status.failed('metrics', URL, 'ECONNREFUSED', 'Is it there?');
      expect(log.warnings).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('tells a refusal, which loses data, from a failure that passes', () => {
    const { log, status } = createStatus();
    status.failed('metrics', URL, 'it answers 401', 'What it refuses is lost. Are the HEADERS right?');
    status.dropped('metrics', 'refused', 7);
    status.delivered('metrics', URL, 1);
    expect(log.warnings).toEqual([expect.stringMatching(/it answers 401.*What it refuses is lost.*HEADERS/)]);
    expect(log.infos).toEqual([expect.stringContaining('7 points were lost')]);
  });

  it('says what is dropped and why, at most once a minute, with what it has not said since', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const { log, status } = createStatus();
      for (let time = 0; time < 10; time++) status.dropped('logs', 'queue_full', 3, 'no room');
      expect(log.warnings).toEqual(['3 log records are lost: no room']);
      vi.advanceTimersByTime(61_000);
      status.dropped('logs', 'queue_full', 3, 'no room');
      expect(log.warnings[1]).toBe('30 log records are lost: no room');
      status.dropped('logs', 'queue_full', 0, 'no room');
      expect(log.warnings).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says at the end what is lost and no line has said, once', () => {
    const { log, status } = createStatus();
    for (let time = 0; time < 3; time++) status.dropped('logs', 'queue_full', 3, 'no room');
    status.failed('metrics', URL, 'it answers 401', 'What it refuses is lost.');
    status.dropped('metrics', 'refused', 7);
    status.sayLosses();
    status.sayLosses();
    expect(log.warnings).toEqual([
      '3 log records are lost: no room',
      '6 log records are lost: no room',
      expect.stringContaining('it answers 401. Training goes on'),
      '7 data points are lost: it answers 401',
    ]);
  });

  it('says no loss of an outage again that the line about its end has counted', () => {
    const { log, status } = createStatus();
    status.failed('metrics', URL, 'it answers 401', 'What it refuses is lost.');
    status.dropped('metrics', 'refused', 7);
    status.delivered('metrics', URL, 1);
    status.sayLosses();
    expect(log.infos).toEqual([expect.stringContaining('7 points were lost')]);
    expect(log.warnings).toHaveLength(1);
  });

  it('counts by signal and reason, and gives copies', () => {
    const { status } = createStatus();
    status.delivered('traces', URL, 5);
    status.dropped('traces', 'rejected', 2, 'why');
    status.dropped('traces', 'rejected', 1, 'why');
    const { traces, metrics } = status.all();
    expect(traces).toMatchObject({ exportedPoints: 5, droppedPoints: { rejected: 3 }, failure: undefined });
    expect(traces.lastSuccessMillis).toBeGreaterThan(0);
    expect(metrics).toEqual({ exportedPoints: 0, droppedPoints: {}, lastSuccessMillis: undefined, failure: undefined });
    status.delivered('traces', URL, 1);
    expect(traces.exportedPoints).toBe(5);
  });
});
