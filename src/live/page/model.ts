import { fromWire, Points } from '../points.ts';
import type {
  LineName,
  WireEvent,
  WireHealth,
  WireMetric,
  WireRule,
  WireRun,
  WireSummary,
  WireUpdate,
} from '../protocol.ts';

export interface Mark {
  /** NaN where none was known. */
  readonly step: number;
  readonly time: number;
  readonly value: number;
}

const NO_SUMMARY: WireSummary = { last: 'NaN', min: null, max: null, count: 0, nonFinite: 0 };

/** One metric of a run, as far as the page knows. */
export class RunMetric {
  readonly lines = new Map<LineName, Points>();
  readonly marks: Mark[] = [];
  summary: WireSummary = NO_SUMMARY;

  apply({ lines, marks, summary }: WireMetric): void {
    this.summary = summary;
    for (const { step, time, value } of marks) {
      this.marks.push({ step: step ?? Number.NaN, time, value: fromWire(value) });
    }
    for (const name of ['value', 'p50', 'p99'] as const) {
      const wire = lines[name];
      if (wire === undefined) continue;
      let points = this.lines.get(name);
      if (points === undefined) {
        points = new Points();
        this.lines.set(name, points);
      }
      points.apply(wire);
    }
  }
}

export class Run {
  readonly runId: string;
  /** Its place among those that the page has seen: stays, and with it the colour. */
  readonly index: number;
  readonly metrics = new Map<string, RunMetric>();
  readonly events: WireEvent[] = [];
  rules: readonly WireRule[] = [];
  health: readonly WireHealth[] = [];
  model: string | null = null;
  step: number | null = null;
  startedMillis = 0;
  isEnded = false;

  constructor(runId: string, index: number) {
    this.runId = runId;
    this.index = index;
  }

  apply({ metrics, events, keptEvents, rules, health, model, step, startedMillis, isEnded }: WireRun): void {
    this.rules = rules ?? this.rules;
    this.health = health ?? this.health;
    this.model = model;
    this.step = step;
    this.startedMillis = startedMillis;
    this.isEnded = isEnded;
    this.events.push(...events);
    this.events.splice(0, Math.max(0, this.events.length - keptEvents));
    for (const [name, wire] of Object.entries(metrics)) {
      let metric = this.metrics.get(name);
      if (metric === undefined) {
        metric = new RunMetric();
        this.metrics.set(name, metric);
      }
      metric.apply(wire);
    }
  }
}

/** An event, and the run that it happened to. */
export interface EventOfRun {
  readonly run: Run;
  readonly event: WireEvent;
}

/** What happened to these runs, the last first: each run counts its own time. */
export function latestEvents(runs: readonly Run[], most: number): EventOfRun[] {
  const timeOf = ({ run, event }: EventOfRun) => run.startedMillis + event.time;
  return runs
    .flatMap((run) => run.events.map((event) => ({ run, event })))
    .sort((a, b) => timeOf(b) - timeOf(a))
    .slice(0, most);
}

/** The runs of the process, as far as the page knows. */
export class Model {
  #runs = new Map<string, Run>();
  readonly #indices = new Map<string, number>();

  /** In the order in which they began. */
  get runs(): Run[] {
    return [...this.#runs.values()];
  }

  /** Begins anew. */
  clear(): void {
    this.#runs.clear();
  }

  apply({ runIds, runs }: WireUpdate): void {
    this.#runs = new Map(runIds.map((runId) => [runId, this.#runs.get(runId) ?? new Run(runId, this.#indexOf(runId))]));
    for (const wire of runs) this.#runs.get(wire.runId)?.apply(wire);
  }

  #indexOf(runId: string): number {
    const index = this.#indices.get(runId) ?? this.#indices.size;
    this.#indices.set(runId, index);
    return index;
  }
}
