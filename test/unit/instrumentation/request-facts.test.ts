import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequestFacts } from '../../../src/instrumentation/request-facts.ts';

describe('the facts of a request', () => {
  it('are its own, and not those of its data', () => {
    const body = {
      batch_data: [{ loss_fn: 'inner', text: 'a "quoted" \\ }, "loss_fn": "evil"', batch_data: [1, 2] }, [3], 'x'],
      accumulate: true,
      loss_kwargs: { loss_fn: 'inner', request_id: 'inner', prompts: ['a', 'b', 'c', 'd'] },
      loss_fn: 'ppo',
      request_id: 'req_1',
    };
    const facts = { lossFn: 'ppo', batchSize: 3, requestId: 'req_1', accumulate: true };
    expect(readRequestFacts(JSON.stringify(body))).toEqual(facts);
    expect(readRequestFacts(JSON.stringify(body, undefined, 2))).toEqual(facts);
    expect(readRequestFacts(JSON.stringify(Object.fromEntries(Object.entries(body).toReversed())))).toEqual(facts);
  });

  it('are none where a value is no name', () => {
    const body = { loss_fn: 'x'.repeat(101), request_id: null, accumulate: false, prompts: [] };
    expect(readRequestFacts(JSON.stringify(body))).toEqual({ batchSize: 0, accumulate: false });
  });

  it('are those that JSON.parse would find, whatever the JSON', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('"', '\\', '\\"', '{"loss_fn":"x"}', '[', ']}', '…', '\u2028'));
    const data = fc.jsonValue({ stringUnit: 'grapheme' });
    const bodies = fc.record(
      {
        batch_data: fc.array(fc.oneof(fc.dictionary(text, data), text, fc.array(data))),
        loss_fn: fc.constantFrom('ppo', 'grpo'),
        accumulate: fc.boolean(),
        note: text,
        loss_kwargs: fc.dictionary(fc.oneof(text, fc.constant('loss_fn')), data),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(bodies, fc.constantFrom(0, 1, 4), (body, indent) => {
        const bytes = Buffer.from(JSON.stringify(body, undefined, indent));
        expect(readRequestFacts(bytes.toString('latin1'))).toEqual({
          ...(body.loss_fn !== undefined && { lossFn: body.loss_fn }),
          ...(body.batch_data !== undefined && { batchSize: body.batch_data.length }),
          ...(body.accumulate !== undefined && { accumulate: body.accumulate }),
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('of what is no JSON are some, or none, and end', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', '{', '}', '[', ']', ':', ',', '\\', 'a', ' ') }), (text) => {
        expect(readRequestFacts(text)).toBeTypeOf('object');
      }),
      { numRuns: 2_000 },
    );
  });
});
