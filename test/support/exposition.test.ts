import { describe, expect, it } from 'vitest';
import { parseExposition } from './exposition.ts';

const GOOD = String.raw`# HELP a Says \\ and \n
# TYPE a gauge
a{b="x\"y\\z\n",c=""} 1.5e+300
a 2
# HELP h Durations
# TYPE h histogram
h_count 3
h_sum 6
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 3
`;

describe('parseExposition', () => {
  it('reads families, labels and values', () => {
    const families = parseExposition(GOOD);
    expect([...families.keys()]).toEqual(['a', 'h']);
    expect(families.get('a')?.samples).toEqual([
      { name: 'a', labels: new Map(Object.entries({ b: 'x"y\\z\n', c: '' })), value: 1.5e300 },
      { name: 'a', labels: new Map(), value: 2 },
    ]);
    expect(families.get('h')?.samples).toHaveLength(4);
  });

  it.each<[string, (page: string) => string]>([
    ['a last line without an end', (page) => page.trimEnd()],
    ['an empty line', (page) => `${page}\n`],
    ['a raw quote in a label', (page) => page.replace('x\\"y', 'x"y')],
    ['another escape', (page) => page.replace('\\\\z', '\\z')],
    ['a label twice', (page) => page.replace('c=""', 'b=""')],
    ['a label that begins with a digit', (page) => page.replace('c=""', '1="x"')],
    ['a comma at the end of labels', (page) => page.replace('c=""}', 'c="",}')],
    ['a name that is none', (page) => page.replace('\na 2', '\na-b 2')],
    ['a sample without a family', (page) => page.replace('\na 2', '\nother 2')],
    ['a sample twice', (page) => page.replace('\na 2', '\na 2\na 3')],
    ['a value that is none', (page) => page.replace('a 2', 'a two')],
    ['a type that is none', (page) => page.replace('gauge', 'guage')],
    ['a family twice', (page) => `${page}# TYPE a gauge\n`],
    ['buckets that fall', (page) => page.replace('"1"} 1', '"1"} 4')],
    ['buckets that do not add up', (page) => page.replace('h_count 3', 'h_count 4')],
  ])('refuses %s', (_, spoil) => {
    expect(spoil(GOOD)).not.toBe(GOOD);
    expect(() => parseExposition(spoil(GOOD))).toThrow();
  });
});
