import type { Resource } from '@opentelemetry/resources';
import type { CollectionResult, MetricProducer, PushMetricExporter, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { type BoundMetricProducer, toCollection } from '../bound-meter/producer.ts';

/**
 * The bound meter's measurements on their way to an exporter. A reader takes some turns of the event loop between
 * collecting and exporting; what it has collected stays in hand here until it is exported, since a process may end
 * between the two.
 */
export class BoundExport implements MetricProducer {
  readonly exporter: PushMetricExporter;
  readonly #producer: BoundMetricProducer;
  readonly #resource: Resource;
  #inHand: readonly ScopeMetrics[] = [];

  constructor(producer: BoundMetricProducer, exporter: PushMetricExporter, resource: Resource) {
    this.#producer = producer;
    this.#resource = resource;
    const send = exporter.export.bind(exporter);
    exporter.export = (metrics, done) => {
      this.#inHand = [];
      send(metrics, done);
    };
    this.exporter = exporter;
  }

  async collect(): Promise<CollectionResult> {
    return toCollection(this.#collect());
  }

  /** Exports what has not been exported, without a turn of the event loop: there is no later. */
  exportNow(): void {
    // A cumulative reader would get everything once more where there is nothing new.
    if (this.#inHand.length === 0 && !this.#producer.hasNews) return;
    this.exporter.export({ resource: this.#resource, scopeMetrics: this.#collect() }, () => {});
  }

  #collect(): ScopeMetrics[] {
    const all = [...this.#inHand, ...this.#producer.collectNow()];
    this.#inHand = all;
    return all;
  }
}
