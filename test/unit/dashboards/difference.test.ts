import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/dashboards/datadog-json.ts';
import { describeDifference, differences } from '../../../src/dashboards/difference.ts';

const told = (before: Json, wanted: Json) => differences(before, wanted).flatMap(describeDifference);

describe('differences', () => {
  it('are none where all that is wanted is there, whatever else is', () => {
    const there = {
      id: 7,
      title: 'a',
      tags: ['c', 'b', 'mine'],
      widgets: [{ id: 1, size: 2, unit: null }],
      extra: [1],
    };
    expect(told(there, { title: 'a', tags: ['b', 'c'], widgets: [{ size: 2 }] })).toEqual([]);
  });

  it('name the place, what is there and what it becomes', () => {
    expect(told({ a: { b: [1, { c: 2 }] }, d: null }, { a: { b: [1, { c: 3 }] }, d: 'x' })).toEqual([
      '~ a.b[1].c',
      '    is       2',
      '    becomes  3',
      '~ d',
      '    is       null',
      '    becomes  "x"',
    ]);
    expect(told({}, { a: 1 })).toEqual(['+ a: 1']);
    expect(told({ a: 5 }, { a: [1] })).toEqual(['~ a', '    is       5', '    becomes  [1]']);
    expect(told({ a: 'x' }, { a: { b: 1 } })).toEqual(['~ a', '    is       "x"', '    becomes  {"b":1}']);
    expect(told({ tags: ['a'] }, { tags: ['a', 'b'] })).toEqual([
      '~ tags',
      '    is       ["a"]',
      '    becomes  ["a","b"]',
    ]);
  });

  it('call items of lists by their titles, and say which are to go', () => {
    const item = (title: string) => ({ definition: { title } });
    expect(told({ widgets: [item('Lost'), item('Mine')] }, { widgets: [item('Loss')] })).toEqual([
      '~ widgets[0 "Loss"].definition.title',
      '    is       "Lost"',
      '    becomes  "Loss"',
      '- widgets[1 "Mine"]: {"definition":{"title":"Mine"}}',
    ]);
    expect(told([], [{ name: 'query0' }])).toEqual(['+ [0 "query0"]: {"name":"query0"}']);
  });

  it('show where long texts begin to differ', () => {
    const [, is, becomes] = told({ a: `${'x'.repeat(500)}old${'z'.repeat(500)}` }, { a: `${'x'.repeat(500)}new` });
    expect(is).toMatch(/^ {4}is {7}…x+oldz+…$/);
    expect(becomes).toMatch(/^ {4}becomes {2}…x+new"$/);
    expect(is?.length).toBeLessThan(200);
  });
});
