import { ExportResultCode } from '@opentelemetry/core';
import { describe, expect, it, vi } from 'vitest';
import { DeliveryHealth } from '../../../src/delivery/health.ts';
import { CapturedLog } from '../../support/log.ts';

const OK = { code: ExportResultCode.SUCCESS };

function failure(properties: object = { code: 'ECONNREFUSED' }) {
  return { code: ExportResultCode.FAILED, error: Object.assign(new Error('Bearer sk-secret'), properties) };
}

describe('DeliveryHealth', () => {
  it('warns once while delivery fails, whichever signals do, and says once that it works again', () => {
    const log = new CapturedLog();
    const health = new DeliveryHealth(log);
    for (let time = 0; time < 100; time++) {
      health.report('metrics', 'http://c:4318/v1/metrics', failure());
      health.report('traces', 'http://c:4318/v1/traces', failure());
    }
    expect(log.warnings).toEqual([
      expect.stringContaining('cannot deliver metrics to http://c:4318/v1/metrics: ECONNREFUSED'),
    ]);
    health.report('metrics', 'http://c:4318/v1/metrics', OK);
    expect(log.infos).toEqual([]);
    health.report('traces', 'http://c:4318/v1/traces', OK);
    health.report('traces', 'http://c:4318/v1/traces', OK);
    expect(log.infos).toEqual([expect.stringContaining('works again')]);
  });

  it('does not warn again at once where delivery comes and goes', () => {
    const log = new CapturedLog();
    const health = new DeliveryHealth(log);
    for (let time = 0; time < 100; time++) {
      health.report('metrics', 'c', failure());
      health.report('metrics', 'c', OK);
    }
    expect(log.warnings).toHaveLength(1);
    expect(log.infos).toHaveLength(1);
  });

  it('warns of a later outage once the pause since the last warning is over', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const log = new CapturedLog();
      const health = new DeliveryHealth(log);
      health.report('metrics', 'c', failure());
      health.report('metrics', 'c', OK);
      health.report('metrics', 'c', failure());
      vi.advanceTimersByTime(61_000);
      for (let time = 0; time < 3; time++) health.report('metrics', 'c', failure());
      expect(log.warnings).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says how it failed without repeating what was answered', () => {
    const log = new CapturedLog();
    new DeliveryHealth(log).report('metrics', 'c', failure({ code: 401, data: 'sk-secret' }));
    expect(log.warnings[0]).toContain('it answers 401');
    expect(log.warnings[0]).not.toContain('secret');
  });
});
