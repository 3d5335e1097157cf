import uPlot from '/uplot/uPlot.js';
import type { LineName, WireChart } from '../protocol.ts';
import { type ChartLine, chartOptions, type Surroundings } from './chart-options.ts';
import { runColourName } from './colours.ts';
import { columnsOf, lineOf } from './columns.ts';
import { element, setText } from './dom.ts';
import { formatTime, formatValue, shortRunId } from './format.ts';
import { happeningsOf, nonFiniteOf } from './happenings.ts';
import type { Run } from './model.ts';
import type { Happening } from './overlays.ts';
import type { View } from './view.ts';

/** What a chart asks of the page around it. */
export interface ChartHost {
  readonly view: View;
  zoom(min: number, max: number): void;
  /** Puts the cursor of every chart to a place of the axis. */
  pointAt(x: number): void;
}

const LINE_NAMES: readonly LineName[] = ['value', 'p50', 'p99'];
const NEAR_PIXELS = 6;
const MAX_NEAR = 3;

/** One metric of the runs that are shown. */
export class Chart {
  readonly definition: WireChart;
  readonly root: HTMLElement;
  readonly #host: ChartHost;
  readonly #plot: HTMLElement;
  readonly #values: HTMLElement;
  readonly #note = element('p', { className: 'note', hidden: true });
  readonly #placeholder = element('p', { className: 'placeholder muted', hidden: true }, 'Nothing recorded yet');
  readonly #surroundings: Surroundings = { rules: [], happenings: [], nonFinite: [] };
  #lines: readonly ChartLine[] = [];
  #chips: readonly HTMLElement[] = [];
  #drawn: uPlot | undefined;
  #key = '';

  constructor(definition: WireChart, host: ChartHost) {
    this.definition = definition;
    this.#host = host;
    const { title, description, unit, metric } = definition;
    this.#values = element('ul', { className: 'values' });
    this.#plot = element('div', { className: 'plot', tabIndex: 0 }, this.#placeholder);
    this.#plot.setAttribute('role', 'group');
    this.#plot.setAttribute('aria-label', `${title}, a chart. Arrow keys move the cursor of all charts.`);
    this.#plot.addEventListener('keydown', (event) => this.#onKey(event));
    const heading = element('h3', { title: `${metric}: ${description}` }, title, ' ');
    heading.append(element('span', { className: 'muted unit' }, unit));
    this.root = element('article', { className: 'chart' }, heading, this.#values, this.#plot);
    new ResizeObserver(() => this.#drawn?.setSize({ width: this.#width, height: this.#drawn.height })).observe(
      this.#plot,
    );
  }

  /** The chart as uPlot has it; `undefined` while there is nothing to draw. */
  get drawn(): uPlot | undefined {
    return this.#drawn;
  }

  /** Draws it as the runs are now. */
  draw(runs: readonly Run[]): void {
    const { view } = this.#host;
    this.#lines = runs.flatMap((run) => {
      const lines = run.metrics.get(this.definition.metric)?.lines;
      return LINE_NAMES.filter((name) => lines?.has(name)).map((name) => ({ run, name }));
    });
    this.#placeholder.hidden = this.#lines.length > 0;
    this.#surround(runs);
    const columns = columnsOf(
      this.#lines.map(({ run, name }) => {
        const points = run.metrics.get(this.definition.metric)?.lines.get(name);
        return points === undefined ? { xs: [], ys: [] } : lineOf(points, view.axis, view.smoothing);
      }),
    );
    const key = `${view.axis} ${this.#lines.map(({ run, name }) => `${run.runId} ${name}`).join()}`;
    if (key === this.#key) this.#drawn?.setData(columns);
    else this.#rebuild(key, columns);
    if (this.#drawn !== undefined) this.#showValues(this.#drawn);
  }

  /** Puts the cursor to the place of the axis, or takes it away. */
  pointAt(x: number | undefined): void {
    const chart = this.#drawn;
    if (chart === undefined) return;
    const left = x === undefined ? -10 : chart.valToPos(x, 'x');
    chart.setCursor({ left, top: x === undefined ? -10 : chart.over.clientHeight / 2 });
  }

  /** With other colours. */
  redraw(): void {
    this.#drawn?.redraw(false, true);
  }

  get #width(): number {
    return Math.max(160, this.#plot.clientWidth);
  }

  #surround(runs: readonly Run[]): void {
    const { metric } = this.definition;
    const { axis } = this.#host.view;
    const judged = this.#lines[0]?.run;
    this.#surroundings.rules = judged?.rules.filter((rule) => rule.metric === metric) ?? [];
    this.#surroundings.happenings = runs.flatMap((run) => happeningsOf(run, axis, runs.length > 1));
    this.#surroundings.nonFinite = runs.flatMap((run) => nonFiniteOf(run, metric, axis));
  }

  #rebuild(key: string, columns: uPlot.AlignedData): void {
    this.#key = key;
    this.#drawn?.destroy();
    this.#drawn = undefined;
    this.#chips = this.#lines.map((line) => chipOf(line));
    this.#values.replaceChildren(...this.#chips);
    if (this.#lines.length === 0) return;
    const options = chartOptions({
      width: this.#width,
      lines: this.#lines,
      view: this.#host.view,
      surroundings: this.#surroundings,
      onCursor: (chart) => this.#showValues(chart),
      onZoom: (min, max) => this.#host.zoom(min, max),
    });
    this.#drawn = new uPlot(options, columns, this.#plot);
    this.#drawn.over.append(this.#note);
    this.#note.hidden = true;
  }

  /** At the cursor; where there is none, the last ones. */
  #showValues(chart: uPlot): void {
    const { left = -1, idxs, idx } = chart.cursor;
    const hasCursor = left >= 0 && idx !== null && idx !== undefined;
    for (const [line, chip] of this.#chips.entries()) {
      const column = chart.data[line + 1];
      const at = hasCursor ? idxs?.[line + 1] : column && lastIndexOf(column);
      const value = at === null || at === undefined ? undefined : column?.[at];
      const output = chip.querySelector<HTMLElement>('.value');
      if (output !== null) setText(output, value === null ? 'NaN' : formatValue(value));
    }
    this.#note.hidden = !hasCursor;
    if (hasCursor) this.#showNote(chart, left, chart.data[0][idx] ?? 0);
  }

  #showNote(chart: uPlot, left: number, x: number): void {
    const isNear = (happening: Happening) => Math.abs(chart.valToPos(happening.x, 'x') - left) <= NEAR_PIXELS;
    const near = [...this.#surroundings.nonFinite, ...this.#surroundings.happenings].filter(isNear).slice(0, MAX_NEAR);
    const place = this.#host.view.axis === 'step' ? `step ${Math.round(x)}` : formatTime(x);
    setText(this.#note, [place, ...near.map(({ title }) => title)].join('\n'));
    this.#note.classList.toggle('at-left', left > chart.over.clientWidth / 2);
  }

  #onKey(event: KeyboardEvent): void {
    const chart = this.#drawn;
    const last = chart === undefined ? 0 : chart.data[0].length - 1;
    const at = chart?.cursor.idx ?? last;
    const target = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    const x = target === undefined ? undefined : chart?.data[0][Math.min(last, Math.max(0, target))];
    if (x === undefined) return;
    event.preventDefault();
    this.#host.pointAt(x);
  }
}

function lastIndexOf(column: ArrayLike<number | null | undefined>): number {
  let index = column.length - 1;
  while (index > 0 && column[index] === undefined) index -= 1;
  return index;
}

function chipOf({ run, name }: ChartLine): HTMLElement {
  const swatch = element('span', { className: `swatch ${runColourName(run.index)}` });
  swatch.classList.toggle('dashed', name === 'p99');
  swatch.setAttribute('aria-hidden', 'true');
  const label = name === 'value' ? shortRunId(run.runId) : `${shortRunId(run.runId)} ${name}`;
  const value = element('span', { className: 'value' });
  return element('li', { title: run.runId }, swatch, element('span', { className: 'muted' }, label), ' ', value);
}
