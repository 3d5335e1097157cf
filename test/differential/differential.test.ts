import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { metricsSerializer } from '../../src/delivery/metrics-serializer.ts';
import { anyValue, createWriters, exactValue, type Program, programs } from './program.ts';
import { boundSubject, normalized, officialSubject, type Subject } from './sdk.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Runs a program and gives back every collection that it asks for, in order. */
async function play(subject: Subject, program: Program): Promise<unknown[]> {
  vi.setSystemTime(1_700_000_000_000);
  const writers = createWriters(subject.meter, program);
  const collections: unknown[] = [];
  for (const action of program.actions) {
    if (action.do === 'record') writers[action.instrument]?.(action.attributes, action.value, action.bound);
    if (action.do === 'collect') collections.push(normalized(await subject.collect(action.reader)));
    if (action.do === 'wait') {
      vi.setSystemTime(Date.now() + action.millis);
      // A wait ends the turn of the event loop; one that takes no time does so too.
      await Promise.resolve();
    }
  }
  return collections;
}

/** The same, and what is left for each reader at the end. */
async function run(subject: Subject, program: Program): Promise<unknown[]> {
  const collections = await play(subject, program);
  for (const reader of program.readers.keys()) collections.push(normalized(await subject.collect(reader)));
  return collections;
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

async function compare(each: Program): Promise<void> {
  const official = await run(officialSubject(each.readers, each.views), each);
  const bound = await run(boundSubject(each.readers, each.views), each);
  expect(bound).toEqual(official);
}

describe('the bound meter and the official SDK', () => {
  it('collect the same from any program with one reader', { timeout: 300_000 }, async () => {
    await fc.assert(fc.asyncProperty(programs(1, anyValue), compare), { numRuns: 4_000, seed: 1 });
  });

  it('are serialized to the same bytes as by the official serializer', { timeout: 300_000 }, async () => {
    const resource = resourceFromAttributes({ 'service.name': 'trainer', ratio: 0.5, tags: ['a', 'b'] });
    const bytes = async (each: Program) => {
      for (const subject of [officialSubject(each.readers, each.views), boundSubject(each.readers, each.views)]) {
        const withoutCollections = { ...each, actions: each.actions.filter((action) => action.do !== 'collect') };
        await play(subject, withoutCollections);
        const metrics = await subject.collect(0);
        const request = { resource, scopeMetrics: [{ scope: { name: 'signal', version: '1' }, metrics }] };
        expect(hex(metricsSerializer.serializeRequest(request))).toBe(
          hex(ProtobufMetricsSerializer.serializeRequest(request)),
        );
      }
    };
    await fc.assert(fc.asyncProperty(programs(1, anyValue), bytes), { numRuns: 2_000, seed: 3 });
  });

  it('collect the same for each of several readers', { timeout: 300_000 }, async () => {
    await fc.assert(fc.asyncProperty(programs(3, exactValue), compare), { numRuns: 4_000, seed: 2 });
  });
});
