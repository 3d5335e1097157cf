import { DataPointType, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Temporality } from '../support/reader.ts';
import { COUNTER, GAUGES, HISTOGRAMS } from '../support/workload.ts';

const [, LOSS] = GAUGES;
const [DURATION] = HISTOGRAMS;

/** What arrived of each run, in buffers of a fixed size: the account must not grow with what it watches. */
export class Delivered {
  readonly #temporality: Temporality;
  readonly #lastValue: Float64Array;
  readonly #count: Float64Array;
  readonly #durations: Float64Array;

  constructor(temporality: Temporality, runs: number) {
    this.#temporality = temporality;
    this.#lastValue = new Float64Array(runs);
    this.#count = new Float64Array(runs);
    this.#durations = new Float64Array(runs);
  }

  add({ scopeMetrics }: ResourceMetrics): void {
    for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      const { name } = metric.descriptor;
      if (metric.dataPointType === DataPointType.GAUGE && name === LOSS) {
        for (const { attributes, value } of metric.dataPoints) this.#lastValue[runOf(attributes.run_id)] = value;
      } else if (metric.dataPointType === DataPointType.SUM && name === COUNTER) {
        for (const { attributes, value } of metric.dataPoints) this.#note(this.#count, attributes.run_id, value);
      } else if (metric.dataPointType !== DataPointType.SUM && metric.dataPointType !== DataPointType.GAUGE) {
        if (name !== DURATION) continue;
        for (const { attributes, value } of metric.dataPoints) {
          this.#note(this.#durations, attributes.run_id, value.count);
        }
      }
    }
  }

  /** Runs whose last loss, every step and every duration arrived. */
  complete(steps: number): number {
    return this.#lastValue.reduce(
      (complete, last, run) =>
        last === steps && this.#count[run] === steps && this.#durations[run] === steps ? complete + 1 : complete,
      0,
    );
  }

  #note(account: Float64Array, runId: unknown, value: number): void {
    const run = runOf(runId);
    account[run] = this.#temporality === 'delta' ? (account[run] ?? 0) + value : value;
  }
}

export function runId(run: number): string {
  return `run_${run}`;
}

function runOf(id: unknown): number {
  return Number(String(id).slice('run_'.length));
}
