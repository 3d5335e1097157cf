/** A family of samples in Prometheus's text format 0.0.4. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly TextSample[];
}

export interface TextSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\[\\"n])*)"(,|$)/;
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/;
const TYPES: readonly string[] = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

/**
 * Reads a page as strictly as the format is written, and more strictly than Prometheus: a name twice, a sample twice or
 * without a family, and buckets that do not add up are errors too.
 */
export function parseExposition(page: string): Map<string, Family> {
  if (!page.endsWith('\n')) throw new Error('The last line does not end.');
  const families = new Map<string, Family & { samples: TextSample[] }>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  for (const line of page.slice(0, -1).split('\n')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${JSON.stringify(line)}`);
    };
    const [, keyword = '', name = '', rest = ''] = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword !== '') {
      if (!METRIC_NAME.test(name)) fail('no name');
      if (keyword === 'HELP') {
        if (helps.has(name) || !/^(?:[^\\]|\\[\\n])*$/.test(rest)) fail('no help, or another one');
        helps.set(name, rest);
      } else if (keyword === 'TYPE') {
        if (families.has(name) || !TYPES.includes(rest)) fail('no type, or another one');
        families.set(name, { name, type: rest, help: helps.get(name) ?? '', samples: [] });
      }
    } else if (line !== '# no registered metrics') {
      const sample = parseSample(line) ?? fail('no sample');
      const family = families.get(familyOf(sample.name, families)) ?? fail('no family');
      const key = JSON.stringify([sample.name, [...sample.labels].sort()]);
      if (seen.has(key)) fail('the same sample again');
      seen.add(key);
      family.samples.push(sample);
    }
  }
  for (const family of families.values()) if (family.type === 'histogram') checkBuckets(family);
  return families;
}

function parseSample(line: string): TextSample | undefined {
  const [, name = '', labelText = '', valueText = ''] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const labels = new Map<string, string>();
  let left = labelText;
  while (left !== '') {
    const [found, label = '', value = '', end] = LABEL.exec(left) ?? [];
    if (found === undefined || labels.has(label) || (end === ',' && found.length === left.length)) return undefined;
    labels.set(
      label,
      value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    );
    left = left.slice(found.length);
  }
  if (!METRIC_NAME.test(name) || !NUMBER.test(valueText)) return undefined;
  return { name, labels, value: Number(valueText.replace('Inf', 'Infinity')) };
}

function familyOf(sample: string, families: ReadonlyMap<string, Family>): string {
  const base = sample.replace(/_(bucket|sum|count)$/, '');
  return families.get(base)?.type === 'histogram' ? base : sample;
}

function checkBuckets({ name, samples }: Family): void {
  const series = new Map<string, { bound: number; count: number }>();
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const { le, ...others } = Object.fromEntries(sample.labels);
    const key = JSON.stringify(Object.entries(others).sort());
    if (sample.name === `${name}_count`) counts.set(key, sample.value);
    if (sample.name !== `${name}_bucket`) continue;
    const bound = Number(le?.replace('Inf', 'Infinity'));
    const before = series.get(key);
    if (before !== undefined && !(before.bound < bound && before.count <= sample.value)) {
      throw new Error(`${name}: the buckets of ${key} do not rise.`);
    }
    series.set(key, { bound, count: sample.value });
  }
  for (const [key, count] of counts) {
    const last = series.get(key);
    if (last?.bound !== Infinity || last.count !== count)
      throw new Error(`${name}: the buckets of ${key} do not add up.`);
  }
}
