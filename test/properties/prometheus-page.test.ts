import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMetricsCollector, SignalMetrics } from '../../src/index.ts';
import { findBinary, promtoolBinary } from '../support/binaries.ts';
import { CapturedLog } from '../support/log.ts';
import { get, startEndpoint } from '../support/prometheus-endpoint.ts';
import { anything, mostly, texts } from './arbitraries.ts';

describe('the Prometheus page', () => {
  it('can be read whatever the names, tags and values are, with the labels as they were given', async () => {
    new CapturedLog().install();
    await using endpoint = await startEndpoint({}, { 'service.name': 'a', service_name: 'b', '1x': '"\n\\', é: 'é' });
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    const collector = createMetricsCollector({ runId: 'run_1', meterProvider: endpoint.provider });
    const tags = fc.dictionary(texts, fc.oneof(texts, fc.double(), fc.boolean()), {
      maxKeys: 5,
      noNullPrototype: true,
    });
    const name = mostly(texts);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.nat({ max: 4 }),
            name,
            mostly(fc.double()),
            fc.oneof(
              tags.map((made) => () => made),
              anything,
            ),
          ),
          { minLength: 20, maxLength: 20 },
        ),
        async (calls) => {
          for (const [method, makeName, makeValue, makeTags] of calls) {
            const args = [makeName(), makeValue(), { tags: makeTags() }];
            const methods = [client.gauge, client.histogram, client.increment, client.decrement, client.set] as const;
            Reflect.apply(methods[method] ?? client.gauge, client, args);
          }
          collector.collectTrainingMetrics({ step: 1, loss: 0.25 });
          const families = await endpoint.scrape();
          const loss = families.get('signal_training_loss');
          expect(loss?.type).toBe('gauge');
          const own = loss?.samples.filter(({ labels }) => labels.get('run_id') === 'run_1' && labels.size === 3);
          expect(own?.map(({ value }) => value)).toEqual([0.25]);
          expect(families.get('target_info')?.samples).toHaveLength(1);
        },
      ),
      { numRuns: 100, seed: 51 },
    );
    const families = await endpoint.scrape();
    expect(families.size).toBeGreaterThan(50);
    for (const family of families.values()) {
      for (const { value } of family.samples) expect(Number.isFinite(value)).toBe(true);
    }
    expect(Object.fromEntries(families.get('target_info')?.samples[0]?.labels ?? [])).toMatchObject({
      service_name: 'a;b',
      _1x: '"\n\\',
    });
    const promtool = findBinary(promtoolBinary);
    if (promtool === undefined) return;
    const input = (await get(endpoint.port)).body;
    const { status, stderr } = spawnSync(promtool, ['check', 'metrics'], { input, encoding: 'utf8' });
    // 3 for names that it would write otherwise; what it cannot read is 1.
    expect(status).toBe(3);
    expect(stderr.split('\n').filter((line) => /not unique|error/.test(line))).toEqual([]);
  });

  it('gives the value of a tag back as it was given, but for what cannot be shown', async () => {
    await using endpoint = await startEndpoint();
    let series = 0;
    const printable = fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .filter((text) => !/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\p{Cs}]/u.test(text) && text === text.trim());
    const given = fc.sample(
      fc.oneof(printable, fc.constantFrom('"', '\\', '\\n', '\\\\"', '{}', 'a="b"', '#', '日本')),
      {
        numRuns: 300,
        seed: 52,
      },
    );
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    for (const text of given) client.gauge('custom.tagged', 1, { tags: { text, series: series++ } });
    const shown = (await endpoint.scrape())
      .get('signal_custom_tagged')
      ?.samples.map(({ labels }) => labels.get('text'));
    expect(shown).toEqual(given);
  });

  it('shows every metric of the catalogue, whatever else has a name like it', async () => {
    const log = new CapturedLog().install();
    await using endpoint = await startEndpoint();
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    for (const like of ['training_loss', 'training-loss', 'Training.Loss', 'training.step_total', 'training__loss']) {
      client.histogram(like, 5);
      client.gauge(like, 5);
    }
    client.gauge('a.b', 1);
    client.gauge('a_b', 2);
    client.histogram('a__b', 3);
    createMetricsCollector({ runId: 'run_1', meterProvider: endpoint.provider }).collectTrainingMetrics({
      step: 1,
      loss: 2,
    });
    const families = await endpoint.scrape();
    expect(families.get('signal_training_loss')).toMatchObject({ type: 'gauge', samples: [{ value: 2 }] });
    expect(families.get('signal_training_step_total')).toMatchObject({ type: 'counter', samples: [{ value: 1 }] });
    expect(families.get('signal_a_b')).toMatchObject({ type: 'gauge', samples: [{ value: 1 }] });
    expect(log.warnings).toContainEqual(expect.stringContaining('is signal.training.loss to Prometheus'));
  });

  it('shows no series twice where two have the same labels for Prometheus', async () => {
    await using endpoint = await startEndpoint();
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    for (const key of ['a.b', 'a_b', 'a-b']) {
      client.gauge('custom.twice', 1, { tags: { [key]: 'same' } });
      client.histogram('custom.twice_ms', 1, { tags: { [key]: 'same' } });
    }
    const families = await endpoint.scrape();
    expect(families.get('signal_custom_twice')?.samples).toHaveLength(1);
    expect(families.get('signal_custom_twice_ms')?.samples.filter(({ name }) => name.endsWith('_count'))).toHaveLength(
      1,
    );
  });

  it('keeps labels that the exporter makes itself apart from tags of their names', async () => {
    await using endpoint = await startEndpoint();
    const client = new SignalMetrics({ meterProvider: endpoint.provider });
    const tags = { le: '5', 'otel.scope.name': 'mine', 'a.b': '1', a_b: '2', '9': 'nine' };
    client.histogram('custom.labelled_ms', 3, { tags });
    const [count] = (await endpoint.scrape()).get('signal_custom_labelled_ms')?.samples ?? [];
    expect(Object.fromEntries(count?.labels ?? [])).toMatchObject({
      exported_le: '5',
      exported_otel_scope_name: 'mine',
      otel_scope_name: 'signal',
      a_b: '1;2',
      _9: 'nine',
    });
  });
});
