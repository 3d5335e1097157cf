import { logs } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetricsCollector, SignalMetrics } from '../../../src/index.ts';
import { CapturedLog } from '../../support/log.ts';
import { TestEvents } from '../../support/telemetry.ts';

let events: TestEvents;
let log: CapturedLog;

beforeEach(() => {
  events = new TestEvents();
  log = new CapturedLog().install();
});

afterEach(() => {
  logs.disable();
});

const client = (options = {}) => new SignalMetrics({ loggerProvider: events.provider, ...options });

/** What JavaScript may pass where the compiler would not. */
const anything = (value: unknown) => value as { title: string; checkName: string; status: 'ok' };

describe('an event', () => {
  it('of a client has its constant tags, and those of the call', () => {
    client({ constantTags: ['env:production', 'team:ml'] }).event({
      title: 'Training Milestone Reached',
      text: 'Model reached 1000 steps with loss 0.1234',
      alertType: 'success',
      tags: ['run_id:run_1', 'milestone:1000', 'team:rl'],
    });
    expect(events.events()).toEqual([
      {
        title: 'Training Milestone Reached',
        text: 'Model reached 1000 steps with loss 0.1234',
        alertType: 'success',
        aggregationKey: undefined,
        attributes: { env: 'production', team: 'rl', run_id: 'run_1', milestone: '1000' },
      },
    ]);
    expect(events.records()[0]).toMatchObject({ eventName: 'signal.event', severityText: 'INFO' });
  });

  it('of a collector has the attributes of the run', () => {
    const collector = createMetricsCollector({
      runId: 'run_1',
      userId: 'user_1',
      tags: ['team:ml'],
      loggerProvider: events.provider,
    });
    collector.event({ title: 'High KL', text: 'too high', alertType: 'WARNING', aggregationKey: 'kl' });
    expect(events.events()).toMatchObject([
      {
        alertType: 'warning',
        aggregationKey: 'kl',
        attributes: { run_id: 'run_1', user_id: 'user_1', team: 'ml' },
      },
    ]);
    expect(events.records()[0]?.severityText).toBe('WARN');
  });

  it('goes to the provider that is registered at the time', () => {
    const metrics = new SignalMetrics();
    metrics.event({ title: 'too early' });
    logs.setGlobalLoggerProvider(events.provider);
    metrics.event({ title: 'in time' });
    expect(events.events().map(({ title }) => title)).toEqual(['in time']);
  });

  it('keeps to the limits, and to one line of title', () => {
    client().event({
      title: `a\nb${'x'.repeat(200)}`,
      text: `first\nsecond ${'y'.repeat(5_000)}`,
      aggregationKey: 'k'.repeat(200),
    });
    const [event] = events.events();
    expect(event?.title).toMatch(/^a bx+$/);
    expect(event?.title.length).toBeLessThanOrEqual(100);
    expect(event?.text).toMatch(/^first\nsecond y+$/);
    expect(event?.text.length).toBeLessThanOrEqual(4_000);
    expect(event?.aggregationKey?.length).toBeLessThanOrEqual(100);
  });

  it('leaves secrets out', () => {
    const key = 'sk-0123456789abcdef0123456789abcdef';
    client().event({ title: `key ${key}`, text: `first line\nAuthorization: Bearer ${key}\nhttps://s3/x?sig=${key}` });
    const [event] = events.events();
    expect(event?.text).toContain('first line\n');
    expect(JSON.stringify(event)).not.toContain(key);
  });

  it('with a title alone has it as text, and with a text alone as title', () => {
    client().event({ title: 'only a title' });
    client().event({ title: '', text: 'only a text' });
    expect(events.events().map(({ title, text }) => [title, text])).toEqual([
      ['only a title', 'only a title'],
      ['only a text', 'only a text'],
    ]);
  });

  it.each([[undefined], [null], ['title'], [{}], [{ title: [] }], [[]]])(
    'of %j is a warning and nothing else',
    (options) => {
      expect(() => client().event(anything(options))).not.toThrow();
      expect(events.records()).toEqual([]);
    },
  );

  it('of an unknown alert type is of the type info, with one warning', () => {
    const metrics = client();
    for (let times = 0; times < 3; times++) metrics.event({ title: 'x', alertType: anything('fatal') as never });
    expect(events.events().map(({ alertType }) => alertType)).toEqual(['info', 'info', 'info']);
    expect(log.warnings.length).toBeLessThanOrEqual(1);
  });
});

describe('a service check', () => {
  it.each([
    ['CRITICAL', 'critical'],
    ['Warning', 'warning'],
    ['ok', 'ok'],
    [0, 'ok'],
    [2, 'critical'],
    [3, 'unknown'],
  ] as const)('of the status %j is %s', (status, expected) => {
    client().serviceCheck({
      checkName: 'rl.kl_divergence',
      status,
      message: 'KL 0.2 exceeds 0.1',
      tags: ['run_id:run_1'],
    });
    expect(events.checks()).toEqual([
      {
        check: 'signal.rl.kl_divergence',
        status: expected,
        message: 'KL 0.2 exceeds 0.1',
        attributes: { run_id: 'run_1' },
      },
    ]);
    expect(events.records()[0]).toMatchObject({ eventName: 'signal.service_check' });
  });

  it('has the namespace as metrics have it', () => {
    client().serviceCheck({ checkName: 'signal.rl.sampler', status: 'OK' });
    client({ namespace: 'mine' }).serviceCheck({ checkName: 'sampler', status: 'OK' });
    expect(events.checks().map(({ check }) => check)).toEqual(['signal.rl.sampler', 'mine.sampler']);
  });

  it('of a status that nobody knows is unknown', () => {
    client().serviceCheck({ checkName: 'x', status: anything('broken') as never });
    client().serviceCheck({ checkName: 'x', status: anything(9) as never });
    expect(events.checks().map(({ status }) => status)).toEqual(['unknown', 'unknown']);
  });

  it('without a name is a warning and nothing else', () => {
    client().serviceCheck(anything({ status: 'OK' }));
    expect(events.records()).toEqual([]);
  });
});

it('nothing is sent by a client that is not enabled', () => {
  const metrics = client({ enabled: false });
  metrics.event({ title: 'x' });
  metrics.serviceCheck({ checkName: 'x', status: 'OK' });
  expect(events.records()).toEqual([]);
});
