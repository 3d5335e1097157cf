import { fromWire } from '../points.ts';
import { runColourName } from './colours.ts';
import { element, KeyedChildren, setText } from './dom.ts';
import { formatValue, shortRunId } from './format.ts';
import type { Run, RunMetric } from './model.ts';

interface Item {
  readonly name: string;
  readonly run: Run;
  readonly metric: RunMetric;
}

interface Entry {
  readonly root: HTMLElement;
  readonly cells: readonly HTMLElement[];
}

/** Last, least and greatest value of each metric and run that is shown. */
export class SummaryTable {
  readonly #children: KeyedChildren<Item, Entry>;

  /** @param scrolled what scrolls it where the page is narrow: by the keyboard, too. */
  constructor(parent: HTMLElement, scrolled: HTMLElement) {
    Object.assign(scrolled, { tabIndex: 0, role: 'group', ariaLabel: 'Summary by metric and run' });
    this.#children = new KeyedChildren(parent, createEntry, updateEntry);
  }

  show(runs: readonly Run[]): void {
    const items = runs.flatMap((run) => [...run.metrics].map(([name, metric]) => ({ name, run, metric })));
    items.sort((a, b) => (a.name === b.name ? a.run.index - b.run.index : a.name < b.name ? -1 : 1));
    this.#children.show(items, ({ name, run }) => `${name} ${run.runId}`);
  }
}

function createEntry({ name, run }: Item): Entry {
  const swatch = element('span', { className: `swatch ${runColourName(run.index)}` });
  swatch.setAttribute('aria-hidden', 'true');
  const cells = Array.from({ length: 5 }, () => element('td', { className: 'number' }));
  const runCell = element('td', { title: run.runId }, swatch, shortRunId(run.runId));
  const root = element('tr', {}, element('th', { scope: 'row' }, name), runCell, ...cells);
  return { root, cells };
}

function updateEntry({ cells }: Entry, { metric: { summary } }: Item): void {
  const { last, min, max, count, nonFinite } = summary;
  const texts = [formatValue(fromWire(last)), formatValue(min), formatValue(max), String(count), String(nonFinite)];
  for (const [index, cell] of cells.entries()) setText(cell, texts[index] ?? '');
}
