import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMetricsCollector, type MetricsCollector } from '../../../src/index.ts';
import { CapturedLog } from '../../support/log.ts';
import { TestMetrics, TestSpans } from '../../support/telemetry.ts';

const DURATION = 'signal.performance.forward_backward_duration_ms';

let metrics: TestMetrics;
let spans: TestSpans;
let collector: MetricsCollector;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});

beforeEach(() => {
  metrics = new TestMetrics();
  spans = new TestSpans();
  collector = createMetricsCollector({
    runId: 'run_1',
    userId: 'user_1',
    model: 'llama',
    meterProvider: metrics.provider,
    tracerProvider: spans.provider,
  });
});

describe('timeOperation', () => {
  it('gives back what a function gives, and records once', async () => {
    expect(collector.timeOperation('forward_backward', () => 42)).toBe(42);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
    expect(spans.finished().map(({ name }) => name)).toEqual(['signal.forward_backward']);
  });

  it.each([
    'forward_backward',
    'forwardBackward',
    'forward_backward_duration_ms',
    'forward_backward_duration',
    'forward_backward_ms',
    'signal.forward_backward',
    'signal.performance.forward_backward_duration_ms',
  ])('records %s under the one name', async (name) => {
    collector.timeOperation(name, () => undefined);
    expect([...(await metrics.collect()).keys()]).toEqual([DURATION]);
    expect(spans.finished()[0]?.name).toBe('signal.forward_backward');
  });

  it('times a promise until it settles, with the span active inside', async () => {
    let active: string | undefined;
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const pending = collector.timeOperation('sample', async () => {
      await gate;
      active = trace.getActiveSpan()?.spanContext().spanId;
      return 'text';
    });
    expect(spans.finished()).toEqual([]);
    release();
    expect(await pending).toBe('text');
    const [span] = spans.finished();
    expect(active).toBe(span?.spanContext().spanId);
  });

  it('nests spans under the active one, without mixing runs that run side by side', async () => {
    const tracer = spans.provider.getTracer('driver');
    await Promise.all(
      ['a', 'b'].map((run) =>
        tracer.startActiveSpan(`step ${run}`, async (parent) => {
          await collector.timeOperation(`op_${run}`, async () => Promise.resolve());
          parent.end();
        }),
      ),
    );
    for (const run of ['a', 'b']) {
      const parent = spans.finished().find(({ name }) => name === `step ${run}`);
      const child = spans.finished().find(({ name }) => name === `signal.op_${run}`);
      expect(child?.parentSpanContext?.spanId).toBe(parent?.spanContext().spanId);
    }
  });

  it('throws what the function throws, marks the span, and counts the duration with its error type', async () => {
    class CreditsExhausted extends Error {
      override name = 'CreditsExhausted';
    }
    const failure = new CreditsExhausted('no credits: Authorization: Bearer sk-secret123 at https://x.io/a?sig=abc');
    expect(() =>
      collector.timeOperation('forward_backward', () => {
        throw failure;
      }),
    ).toThrow(failure);
    await expect(collector.timeOperation('forward_backward', () => Promise.reject(failure))).rejects.toBe(failure);
    const points = await metrics.points(DURATION);
    expect(points.map(({ attributes }) => attributes['error.type'])).toEqual(['CreditsExhausted']);
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 2 });
    expect(spans.finished()).toHaveLength(2);
    for (const span of spans.finished()) {
      expect(span.status.code).toBe(SpanStatusCode.ERROR);
      expect(span.attributes['error.type']).toBe('CreditsExhausted');
      expect(span.status.message).toContain('no credits');
      expect(JSON.stringify([span.status, span.attributes, span.events])).not.toMatch(/secret123|sig=abc/);
    }
  });

  it('marks the throwing of undefined as a failure too', () => {
    expect(() =>
      collector.timeOperation('sample', () => {
        throw undefined;
      }),
    ).toThrow();
    expect(spans.finished()[0]?.status.code).toBe(SpanStatusCode.ERROR);
  });

  it('puts run, user, model and step on the span: the step of the answer, else the last one known', () => {
    collector.collectTrainingMetrics({ step: 7, loss: 1 });
    collector.timeOperation('sample', () => 'text');
    collector.timeOperation('forward_backward', () => ({ step: 8, loss: 1 }));
    const run = { run_id: 'run_1', user_id: 'user_1', model: 'llama' };
    expect(spans.finished().map(({ attributes }) => attributes)).toEqual([
      { ...run, step: 7 },
      { ...run, step: 8 },
    ]);
  });

  it('runs the function once, untimed, where the name is none', async () => {
    const log = new CapturedLog().install();
    let runs = 0;
    const nameless: unknown = undefined;
    expect(collector.timeOperation(nameless as string, () => ++runs)).toBe(1);
    expect((await metrics.collect()).size).toBe(0);
    expect(log.warnings).toHaveLength(1);
  });

  it('keeps durations in history and summary', () => {
    collector.timeOperation('optim_step', () => undefined);
    expect(collector.getMetricsSummary().metrics['signal.performance.optim_step_duration_ms']).toMatchObject({
      count: 1,
    });
  });
});

describe('startOperation', () => {
  it('has the last of a name found while one is open, whichever ends first', () => {
    const first = collector.startOperation('sample');
    const second = collector.startOperation('sample');
    expect(collector.openOperation('sample')).toBe(second);
    second.end();
    expect(collector.openOperation('sample')).toBe(first);
    first.end();
    expect(collector.openOperation('sample')).toBeUndefined();
  });

  it('forgets the oldest of too many that never end', () => {
    const oldest = collector.startOperation('save_state');
    for (let count = 0; count < 1_000; count++) collector.startOperation('sample');
    expect(collector.openOperation('save_state')).toBeUndefined();
    oldest.end();
    expect(spans.finished().map(({ name }) => name)).toEqual(['signal.save_state']);
  });

  it('records at the first end, and at no later one', async () => {
    const operation = collector.startOperation('forward_backward');
    operation.end({ step: 3 });
    operation.end({ error: new Error('late') });
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
    expect(spans.finished()).toHaveLength(1);
    expect(spans.finished()[0]?.attributes.step).toBe(3);
    expect(spans.finished()[0]?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('ends with the block under using', async () => {
    {
      using operation = collector.startOperation('forward_backward');
      expect(operation).toBeDefined();
    }
    expect(await metrics.histogram(DURATION)).toMatchObject({ count: 1 });
  });
});
