import { DataPointType } from '@opentelemetry/sdk-metrics';
import { beforeEach, describe, expect, it } from 'vitest';
import { SignalMetrics, type SignalMetricsOptions } from '../../../src/index.ts';
import { CapturedLog } from '../../support/log.ts';
import { TestMetrics } from '../../support/telemetry.ts';

let metrics: TestMetrics;
let log: CapturedLog;

beforeEach(() => {
  metrics = new TestMetrics();
  log = new CapturedLog().install();
});

function client(options: SignalMetricsOptions = {}): SignalMetrics {
  return new SignalMetrics({ meterProvider: metrics.provider, ...options });
}

describe('SignalMetrics', () => {
  it('records gauges, the last value counting', async () => {
    client().gauge('signal.custom.my_metric', 41);
    client().gauge('custom.my_metric', 42, { tags: ['run_id:123'] });
    client().gauge('custom.my_metric', 43, { tags: { run_id: '123' } });
    const points = await metrics.points('signal.custom.my_metric');
    expect(points.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{}, 41],
      [{ run_id: '123' }, 43],
    ]);
  });

  it('records histograms, distributions and timings alike', async () => {
    const custom = client();
    custom.histogram('custom.latency_ms', 125.3);
    custom.distribution('custom.latency_ms', 74.7);
    custom.timing('custom.latency_ms', 100);
    expect(await metrics.histogram('signal.custom.latency_ms')).toEqual({ count: 3, sum: 300 });
  });

  it('records a catalogued metric as the catalogue has it', async () => {
    client().gauge('signal.training.loss', 0.5);
    client().distribution('signal.performance.forward_backward_duration_ms', 250);
    const collected = await metrics.collect();
    expect(collected.get('signal.training.loss')?.descriptor).toMatchObject({ unit: '{loss}' });
    expect(collected.get('signal.performance.forward_backward_duration_ms')?.dataPointType).toBe(
      DataPointType.HISTOGRAM,
    );
  });

  it('counts up as a counter', async () => {
    client().increment('custom.event_count');
    client().increment('custom.event_count', 4);
    const metric = (await metrics.collect()).get('signal.custom.event_count');
    expect(metric).toMatchObject({ dataPointType: DataPointType.SUM, isMonotonic: true });
    expect(metric?.dataPoints[0]?.value).toBe(5);
  });

  it('counts up and down where the name was decremented first', async () => {
    const custom = client();
    custom.decrement('custom.in_flight');
    custom.increment('custom.in_flight', 3);
    custom.decrement('custom.in_flight');
    expect(await metrics.values('signal.custom.in_flight')).toEqual([1]);
  });

  it('counts what was incremented before the first decrement, in every series', async () => {
    const custom = client();
    for (const tags of [['kind:a'], ['kind:b']]) custom.increment('custom.later', 5, { tags });
    client().decrement('custom.later', 2, { tags: ['kind:a'] });
    custom.increment('custom.later', 1, { tags: ['kind:a'] });
    const { resourceMetrics } = await metrics.reader.collect();
    const current = resourceMetrics.scopeMetrics[0]?.metrics.find(
      (metric) => metric.dataPointType === DataPointType.SUM && !metric.isMonotonic,
    );
    expect(current?.dataPoints.map(({ attributes, value }) => [attributes.kind, value])).toEqual([
      ['a', 4],
      ['b', 5],
    ]);
    expect(log.warnings).toContainEqual(expect.stringContaining('goes on as an up-down counter'));
  });

  it('never counts a metric of the catalogue down, and says so once', async () => {
    for (let time = 0; time < 3; time++) client().decrement('signal.training.step', 3);
    expect(log.warnings).toEqual([expect.stringContaining('signal.training.step is never counted down')]);
    client().increment('signal.training.step', 1);
    expect(await metrics.values('signal.training.step')).toEqual([1]);
  });

  it('shows how many different values a set was given', async () => {
    const custom = client();
    for (const user of ['a', 'b', 'a', 'c', 3, '3']) custom.set('custom.users', user);
    custom.set('custom.users', 'a', { tags: ['env:staging'] });
    expect(await metrics.values('signal.custom.users')).toEqual([4, 1]);
  });

  it('goes on counting the values of its sets, however often more sets were asked for than there may be', async () => {
    const custom = client();
    for (let set = 0; set < 1_000; set++) custom.set('custom.sets', 'a', { tags: [`set:${set}`] });
    for (let call = 0; call < 100_000; call++) custom.set('custom.one_more', call);
    custom.set('custom.sets', 'b', { tags: ['set:0'] });
    expect(await metrics.values('signal.custom.one_more')).toEqual([1]);
    expect(await metrics.values('signal.custom.sets')).toContain(2);
  });

  it('says where it counts no more of the values of a set', async () => {
    const log = new CapturedLog().install();
    const custom = client();
    for (let value = 0; value < 10_010; value++) custom.set('custom.large', value);
    expect(await metrics.values('signal.custom.large')).toEqual([10_000]);
    expect(log.warnings).toEqual([expect.stringContaining('more than 10000 values of a set')]);
  });

  it('times functions, keeping this, arguments, results and errors', async () => {
    const custom = client();
    const base = { factor: 2 };
    const double = custom.timed('custom.double_ms', function (this: typeof base, value: number) {
      return this.factor * value;
    });
    const load = custom.timed('custom.load_ms', async (path: string) => `read ${path}`);
    const failure = new Error('no');
    const broken = custom.timed('custom.broken_ms', async () => Promise.reject(failure));
    expect(double.call(base, 21)).toBe(42);
    expect(await load('file')).toBe('read file');
    await expect(broken()).rejects.toBe(failure);
    for (const name of ['double', 'load', 'broken']) {
      expect(await metrics.histogram(`signal.custom.${name}_ms`)).toMatchObject({ count: 1 });
    }
  });

  it('puts constant tags on every point, those of the call winning', async () => {
    const custom = client({ constantTags: ['env:production', 'team:ml'] });
    custom.gauge('custom.tagged', 1, { tags: ['team:infra', 'run_id:1'] });
    expect(await metrics.attributes('signal.custom.tagged')).toEqual([
      { env: 'production', team: 'infra', run_id: '1' },
    ]);
  });

  it('keeps the names and tags of two clients apart', async () => {
    const first = client({ namespace: 'first', constantTags: ['client:1'] });
    const second = client({ namespace: 'second', constantTags: ['client:2'] });
    first.gauge('x', 1);
    second.gauge('x', 2);
    first.gauge('second.x', 3);
    expect(await metrics.attributes('first.x')).toEqual([{ client: '1' }]);
    expect(await metrics.attributes('second.x')).toEqual([{ client: '2' }]);
    expect(await metrics.values('first.second.x')).toEqual([3]);
  });

  it('records nothing where it is not enabled', async () => {
    client({ enabled: false }).gauge('custom.off', 1);
    expect((await metrics.collect()).size).toBe(0);
  });

  it('counts non-finite values by the name of the metric, and leaves out wrong types and negative amounts', async () => {
    const custom = client();
    custom.gauge('custom.bad', Number.NaN);
    custom.histogram('custom.bad_ms', Infinity);
    custom.increment('custom.bad_count', Number.NaN);
    custom.increment('custom.bad_count', -1);
    const wrong: unknown = 'text';
    custom.gauge('custom.bad', wrong as number);
    custom.gauge(wrong as string, wrong as number);
    custom.gauge('', 1);
    const points = await metrics.points('signal.training.non_finite');
    expect(points.map(({ attributes, value }) => [attributes.metric, value])).toEqual([
      ['signal.custom.bad', 1],
      ['signal.custom.bad_ms', 1],
      ['signal.custom.bad_count', 1],
    ]);
    expect([...(await metrics.collect()).keys()]).toEqual(['signal.training.non_finite']);
  });

  it.each([0.1, 0.3, 1])('keeps counts and sums unbiased at a sample rate of %d', async (sampleRate) => {
    const calls = 20_000;
    const custom = client();
    for (let call = 0; call < calls; call++) {
      custom.increment('custom.sampled', 2, { sampleRate });
      custom.histogram('custom.sampled_ms', 5, { sampleRate });
    }
    // Six standard deviations of the binomial count, and of the rounding of a weight that is no whole number.
    const tolerance = 6 * Math.sqrt(calls * ((1 - sampleRate) / sampleRate + (sampleRate === 1 ? 0 : 1)));
    const [counted] = await metrics.values('signal.custom.sampled');
    const { count, sum } = await metrics.histogram('signal.custom.sampled_ms');
    expect(Math.abs(Number(counted) / 2 - calls)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(count - calls)).toBeLessThanOrEqual(tolerance);
    expect(sum).toBeCloseTo(count * 5);
  });

  it('records every call at a sample rate that is none, and says so once', async () => {
    for (const sampleRate of [0, -1, 2, Number.NaN]) client().increment('custom.rate', 1, { sampleRate });
    expect(await metrics.values('signal.custom.rate')).toEqual([4]);
    expect(log.warnings).toEqual([expect.stringContaining('sampleRate')]);
  });

  it('hands deltas to a reader that wants them', async () => {
    metrics = new TestMetrics({ temporality: 'delta' });
    const custom = client();
    custom.increment('custom.delta', 2);
    expect(await metrics.values('signal.custom.delta')).toEqual([2]);
    custom.increment('custom.delta', 3);
    expect(await metrics.values('signal.custom.delta')).toEqual([3]);
  });

  it.each<[string, object, RegExp]>([
    ['an unknown option', { prefix: 'x' }, /unknown option "prefix"; the options are namespace/],
    ['an option of the Python client', { constant_tags: [] }, /write constantTags/],
    ['a key', { apiKey: 'secret' }, /the environment has them: DATADOG_API_KEY/],
    ['an empty namespace', { namespace: '' }, /namespace/],
    ['a namespace that no backend takes', { namespace: 'a b' }, /namespace starts with a letter/],
    ['a switch that is none', { enabled: 'no' }, /enabled must be true or false/],
  ])('refuses %s', (_, options, message) => {
    expect(() => new SignalMetrics(options)).toThrow(message);
    expect(() => new SignalMetrics(options)).not.toThrow(/secret/);
  });
});
