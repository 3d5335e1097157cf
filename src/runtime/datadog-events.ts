import { hostname } from 'node:os';
import type { Attributes } from '@opentelemetry/api';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import {
  ATTR_DEPLOYMENT_ENVIRONMENT_NAME,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import type { DeliveryQueue } from '../delivery/queue.ts';
import type { DeliveryKind } from '../delivery/request.ts';
import {
  CHECK_STATUSES,
  EVENT_LIMITS,
  readEvent,
  readServiceCheck,
  type ServiceCheck,
  type SignalEvent,
} from '../otel/events.ts';
import { cut } from '../otel/text.ts';

const MAX_TAG_LENGTH = 200;

/** The dashboards overlay events that have it. */
const SOURCE_TAG = 'source:signal-otel';

/**
 * Brings the package's events and service checks to Datadog's own endpoints, beside where log records go: no way through
 * a Collector makes Datadog events of them.
 */
export class DatadogEventProcessor implements LogRecordProcessor {
  readonly #queue: Pick<DeliveryQueue, 'add'>;

  constructor(queue: Pick<DeliveryQueue, 'add'>) {
    this.#queue = queue;
  }

  onEmit(record: ReadableLogRecord): void {
    const event = readEvent(record);
    if (event !== undefined) this.#send('events', toDatadogEvent(event, record.resource.attributes));
    const check = readServiceCheck(record);
    if (check !== undefined) this.#send('checks', [toDatadogCheck(check, record.resource.attributes)]);
  }

  /** What is emitted is in the queue at once. */
  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}

  #send(signal: DeliveryKind, payload: unknown): void {
    void this.#queue.add({
      signal,
      contentType: 'application/json',
      encoding: 'identity',
      body: new TextEncoder().encode(JSON.stringify(payload)),
      points: 1,
      createdMillis: Date.now(),
    });
  }
}

/** The body of `POST /api/v1/events`. */
function toDatadogEvent({ title, text, alertType, aggregationKey, attributes }: SignalEvent, resource: Attributes) {
  return {
    title: cut(title, EVENT_LIMITS.title),
    text: cut(text, EVENT_LIMITS.text),
    alert_type: alertType,
    date_happened: nowSeconds(),
    host: hostOf(resource),
    tags: [SOURCE_TAG, ...tagsOf(attributes, resource)],
    ...(aggregationKey !== undefined && { aggregation_key: cut(aggregationKey, EVENT_LIMITS.aggregationKey) }),
  };
}

/** An item of the body of `POST /api/v1/check_run`. */
function toDatadogCheck({ check, status, message, attributes }: ServiceCheck, resource: Attributes) {
  return {
    check,
    status: CHECK_STATUSES.indexOf(status),
    message: cut(message, EVENT_LIMITS.text),
    timestamp: nowSeconds(),
    host_name: hostOf(resource),
    tags: tagsOf(attributes, resource),
  };
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

function hostOf(resource: Attributes): string {
  return String(resource['host.name'] ?? hostname());
}

/** The same tags as the metrics of the process have. */
function tagsOf(attributes: Attributes, resource: Attributes): string[] {
  const all = {
    service: resource[ATTR_SERVICE_NAME],
    env: resource[ATTR_DEPLOYMENT_ENVIRONMENT_NAME],
    version: resource[ATTR_SERVICE_VERSION],
    ...attributes,
  };
  return Object.entries(all).flatMap(([key, value]) =>
    value === undefined ? [] : [cut(`${key}:${value}`, MAX_TAG_LENGTH)],
  );
}
