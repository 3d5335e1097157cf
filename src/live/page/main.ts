import type uPlot from '/uplot/uPlot.js';
import type { WireUpdate } from '../protocol.ts';
import { Charts } from './charts.ts';
import { connect, fetchLayout } from './connection.ts';
import { Controls } from './controls.ts';
import { find, setText } from './dom.ts';
import { EventList } from './event-list.ts';
import { Model } from './model.ts';
import { RunList } from './run-list.ts';
import { SummaryTable } from './summary.ts';
import { View } from './view.ts';

declare global {
  interface Window {
    /** For tests, and for whoever wants the numbers in the browser's console: the charts by their metrics' names. */
    signalOtelLive?: { readonly charts: Readonly<Record<string, uPlot>> };
  }
}

/** Numbers in text that change more often cannot be read. */
const TEXT_INTERVAL_MILLIS = 500;

const STATES = {
  live: 'Live',
  lost: 'Connection lost: the process may be over. What is shown stays; trying again …',
} as const;

async function main(): Promise<void> {
  const layout = await fetchLayout();
  const model = new Model();
  const view = new View();
  const charts = new Charts(find('charts', HTMLElement), layout, model, view, () => controls.zoomed());
  const controls = new Controls(view, { onLines: () => showAll(), onTheme: () => charts.redraw() });
  const runList = new RunList(find('runs', HTMLElement), (runId, isShown) => {
    view.choose(runId, isShown);
    showAll();
  });
  const summary = new SummaryTable(find('summary', HTMLElement), find('summary-scroll', HTMLElement));
  const events = new EventList(find('events', HTMLElement), find('no-events', HTMLElement), (event) => {
    const x = view.axis === 'step' ? event?.step : event && event.time / 1_000;
    charts.pointAt(x ?? undefined);
  });

  let textTimer: ReturnType<typeof setTimeout> | undefined;
  const showText = () => {
    textTimer = undefined;
    const { runs } = model;
    const shown = new Set(view.shown(runs.map(({ runId }) => runId)));
    const shownRuns = runs.filter(({ runId }) => shown.has(runId));
    find('empty', HTMLElement).hidden = runs.length > 0;
    find('content', HTMLElement).hidden = runs.length === 0;
    runList.show(runs, shown);
    events.show(shownRuns);
    summary.show(shownRuns);
  };
  const showAll = () => {
    clearTimeout(textTimer);
    showText();
    charts.update();
  };
  const showUpdate = ({ runs }: WireUpdate) => {
    textTimer ??= setTimeout(showText, TEXT_INTERVAL_MILLIS);
    const hasEvents = runs.some(({ events: happened }) => happened.length > 0);
    // An event is marked in every chart.
    charts.update(hasEvents ? undefined : new Set(runs.flatMap(({ metrics }) => Object.keys(metrics))));
  };

  window.signalOtelLive = {
    get charts() {
      return charts.drawn;
    },
  };
  await connect({
    onSnapshot: (snapshot) => {
      model.clear();
      model.apply(snapshot);
      showAll();
    },
    onUpdate: (update) => {
      model.apply(update);
      showUpdate(update);
    },
    onState: (state) => {
      const status = find('connection', HTMLElement);
      setText(status, STATES[state]);
      status.className = `connection ${state}`;
    },
  });
}

await main();
