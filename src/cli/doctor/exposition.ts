/** The series of one metric on a page for Prometheus. */
export interface MetricSeries {
  /** As Prometheus has it. */
  readonly name: string;
  readonly isHistogram: boolean;
  readonly series: number;
  /** How many values each attribute has. */
  readonly values: ReadonlyMap<string, number>;
  /** How many series there would be without some of the attributes. */
  readonly seriesWithout: number;
}

const TYPE = /^# TYPE (\S+) (\S+)$/;
const SAMPLE = /^(\w+)\{(.*)\} \S+$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** What says who sends, which Datadog has otherwise. */
const ABOUT_SENDER = 'target_info';
const NO_ATTRIBUTE = /^(le|otel_scope_\w+)$/;

/**
 * Counts the series of each metric on a page of the package's endpoint.
 * @param left attributes without which they are counted, too.
 */
export function seriesOn(page: string, left: ReadonlySet<string>): MetricSeries[] {
  const counts = new Map<string, SeriesCount>();
  for (const line of page.split('\n')) {
    const [, name = '', type = ''] = TYPE.exec(line) ?? [];
    if (name !== '') {
      // Of a histogram each series has one count, and many buckets.
      const isHistogram = type === 'histogram';
      if (name !== ABOUT_SENDER)
        counts.set(isHistogram ? `${name}_count` : name, new SeriesCount(name, isHistogram, left));
      continue;
    }
    const [, sample = '', labels = ''] = SAMPLE.exec(line) ?? [];
    counts.get(sample)?.add(labels);
  }
  return [...counts.values()].filter(({ series }) => series > 0);
}

class SeriesCount implements MetricSeries {
  readonly name: string;
  readonly isHistogram: boolean;
  series = 0;
  readonly #left: ReadonlySet<string>;
  readonly #values = new Map<string, Set<string>>();
  readonly #without = new Set<string>();

  constructor(name: string, isHistogram: boolean, left: ReadonlySet<string>) {
    this.name = name;
    this.isHistogram = isHistogram;
    this.#left = left;
  }

  get values(): ReadonlyMap<string, number> {
    return new Map([...this.#values].map(([attribute, values]) => [attribute, values.size]));
  }

  get seriesWithout(): number {
    return this.#without.size;
  }

  add(labels: string): void {
    this.series += 1;
    const kept: string[] = [];
    for (const [text, attribute = '', value = ''] of labels.matchAll(LABEL)) {
      if (NO_ATTRIBUTE.test(attribute)) continue;
      if (!this.#left.has(attribute)) kept.push(text);
      const values = this.#values.get(attribute) ?? new Set();
      this.#values.set(attribute, values.add(value));
    }
    this.#without.add(kept.join());
  }
}
