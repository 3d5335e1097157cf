import type uPlot from '/uplot/uPlot.js';
import type { WireChart, WireLayout } from '../protocol.ts';
import { Chart, type ChartHost } from './chart.ts';
import { element } from './dom.ts';
import type { Model, Run } from './model.ts';
import type { View } from './view.ts';

/** Of a frame; the charts that are left wait for a later one, so that the page answers while it draws. */
const BUDGET_MILLIS = 2;
/** How much longer than it has drawn the page leaves the time to all else: the browser has to paint what was drawn. */
const REST = 8;

/** Every chart of the page. Those in sight are drawn once a frame at most, and only where something is new. */
export class Charts implements ChartHost {
  readonly view: View;
  readonly #model: Model;
  readonly #onZoom: () => void;
  readonly #charts = new Map<string, Chart>();
  readonly #stale = new Set<Chart>();
  readonly #visible = new Set<Chart>();
  readonly #byRoot = new Map<Element, Chart>();
  readonly #others: { readonly section: HTMLElement; readonly grid: HTMLElement };
  readonly #sections: {
    readonly section: HTMLElement;
    readonly charts: readonly Chart[];
    readonly isOverview: boolean;
  }[] = [];
  readonly #sight: IntersectionObserver;
  #isScheduled = false;
  #restsUntil = 0;
  #shown: readonly Run[] = [];

  /** @param onZoom is told when another part of the axis is shown. */
  constructor(parent: HTMLElement, layout: WireLayout, model: Model, view: View, onZoom: () => void) {
    this.view = view;
    this.#model = model;
    this.#onZoom = onZoom;
    this.#sight = new IntersectionObserver((entries) => this.#onSight(entries), { rootMargin: '100px' });
    for (const [index, { title, rows }] of layout.groups.entries()) {
      const charts = rows.map((row) => row.map((definition) => this.#add(definition)));
      const grids = charts.map((row) => gridOf(row));
      const section = element('section', { className: 'group' }, element('h2', {}, title), ...grids);
      parent.append(section);
      this.#sections.push({ section, charts: charts.flat(), isOverview: index === 0 });
    }
    const grid = element('div', { className: 'row' });
    const section = element('section', { className: 'group', hidden: true }, element('h2', {}, 'More metrics'), grid);
    parent.append(section);
    this.#others = { section, grid };
  }

  /** By the names of their metrics; those that have something to show. */
  get drawn(): Record<string, uPlot> {
    const drawn: Record<string, uPlot> = {};
    for (const [metric, chart] of this.#charts) if (chart.drawn !== undefined) drawn[metric] = chart.drawn;
    return drawn;
  }

  /**
   * Shows what is new.
   * @param metrics of which there is something new; all of them where it is left out.
   */
  update(metrics?: ReadonlySet<string>): void {
    const { runs } = this.#model;
    const shown = new Set(this.view.shown(runs.map(({ runId }) => runId)));
    this.#shown = runs.filter(({ runId }) => shown.has(runId));
    this.#arrange(runs);
    for (const [metric, chart] of this.#charts) if (metrics?.has(metric) !== false) this.#stale.add(chart);
    this.#schedule();
  }

  zoom(min: number, max: number): void {
    this.view.zoom = { min, max };
    this.#onZoom();
    this.update();
  }

  /** The values there are those of now: what waits to be drawn is drawn first. */
  pointAt(x: number | undefined): void {
    for (const chart of this.#stale) if (this.#visible.has(chart)) this.#drawNow(chart);
    // uPlot knows the places of new data after its own microtask.
    queueMicrotask(() => {
      for (const chart of this.#charts.values()) chart.pointAt(x);
    });
  }

  redraw(): void {
    for (const chart of this.#charts.values()) chart.redraw();
  }

  #add(definition: WireChart): Chart {
    const chart = new Chart(definition, this);
    this.#charts.set(definition.metric, chart);
    this.#byRoot.set(chart.root, chart);
    this.#sight.observe(chart.root);
    return chart;
  }

  /** What the layout does not know has a place of its own; what has no values, but in the overview, has none. */
  #arrange(runs: readonly Run[]): void {
    const known = new Set(runs.flatMap(({ metrics }) => [...metrics.keys()]));
    for (const metric of known) {
      if (this.#charts.has(metric)) continue;
      this.#others.grid.append(
        this.#add({ title: metric, metric, description: 'not in the catalogue', unit: '' }).root,
      );
      this.#others.section.hidden = false;
    }
    for (const { section, charts, isOverview } of this.#sections) {
      if (isOverview) continue;
      for (const { root, definition } of charts) root.hidden = !known.has(definition.metric);
      section.hidden = charts.every(({ root }) => root.hidden);
    }
  }

  #onSight(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const chart = this.#byRoot.get(target);
      if (chart === undefined) continue;
      if (isIntersecting) this.#visible.add(chart);
      else this.#visible.delete(chart);
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const frame = () => requestAnimationFrame(() => this.#draw());
    const rest = this.#restsUntil - performance.now();
    if (rest > 0) setTimeout(frame, rest);
    else frame();
  }

  #drawNow(chart: Chart): void {
    this.#stale.delete(chart);
    chart.draw(this.#shown);
  }

  #draw(): void {
    this.#isScheduled = false;
    const started = performance.now();
    let spent = 0;
    let isLeft = false;
    for (const chart of this.#stale) {
      if (!this.#visible.has(chart)) continue;
      isLeft = spent > BUDGET_MILLIS;
      if (isLeft) break;
      this.#drawNow(chart);
      spent = performance.now() - started;
    }
    this.#restsUntil = started + spent * (1 + REST);
    if (isLeft) this.#schedule();
  }
}

function gridOf(row: readonly Chart[]): HTMLElement {
  return element('div', { className: 'row' }, ...row.map(({ root }) => root));
}
