import { DataPointType } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { hardwareMetrics, signalMetrics } from '../../../src/catalogue/index.ts';
import { createInstruments } from '../../../src/index.ts';
import { instrumentsOf } from '../../../src/otel/instruments.ts';
import { CapturedLog } from '../../support/log.ts';
import { TestMetrics } from '../../support/telemetry.ts';

describe('createInstruments', () => {
  it('makes every signal metric of the catalogue, with its name, kind, unit and description', async () => {
    const metrics = new TestMetrics();
    const instruments = createInstruments(metrics.provider.getMeter('signal'));
    for (const instrument of Object.values(instruments)) {
      if ('add' in instrument) instrument.add(1);
      else instrument.record(1);
    }
    const collected = await metrics.collect();
    expect(collected.size).toBe(signalMetrics.length);
    const types = { gauge: DataPointType.GAUGE, counter: DataPointType.SUM, histogram: DataPointType.HISTOGRAM };
    for (const { name, kind, unit, description } of signalMetrics) {
      expect(collected.get(name)?.dataPointType).toBe(types[kind]);
      expect(collected.get(name)?.descriptor).toMatchObject({ unit, description });
    }
  });

  it('leaves out what is only observed', () => {
    const instruments = Object.keys(createInstruments(new TestMetrics().provider.getMeter('signal')));
    for (const { name } of hardwareMetrics) expect(instruments).not.toContain(name);
  });
});

describe('the registry of a meter', () => {
  it('is one for each meter, so that two users of a name share the instrument', () => {
    const meter = new TestMetrics().provider.getMeter('signal');
    expect(instrumentsOf(meter).get('signal.custom.x', 'gauge')).toBe(
      instrumentsOf(meter).get('signal.custom.x', 'gauge'),
    );
  });

  it('refuses another kind for a name, with one warning', () => {
    const log = new CapturedLog().install();
    const registry = instrumentsOf(new TestMetrics().provider.getMeter('signal'));
    registry.get('signal.custom.kind', 'gauge');
    expect(registry.get('signal.custom.kind', 'histogram')).toBeUndefined();
    expect(registry.get('signal.training.loss', 'counter')).toBeUndefined();
    expect(registry.get('signal.custom.kind', 'histogram')).toBeUndefined();
    expect(log.warnings).toHaveLength(2);
  });

  it('bounds the number of custom names', () => {
    const log = new CapturedLog().install();
    const registry = instrumentsOf(new TestMetrics().provider.getMeter('signal'));
    const made = Array.from({ length: 5_000 }, (_, index) => registry.get(`signal.custom.loss_${index}`, 'gauge'));
    expect(made.filter((instrument) => instrument !== undefined)).toHaveLength(1_000);
    expect(registry.get('signal.training.loss', 'gauge')).toBeDefined();
    expect(log.warnings).toEqual([expect.stringContaining('Use tags')]);
  });
});
