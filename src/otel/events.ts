import {
  type Attributes,
  type AttributeValue,
  createNoopLogger,
  type LoggerProvider,
  type LogRecord,
  logs,
  SeverityNumber,
} from '@opentelemetry/api';
import { NAMESPACE } from '../catalogue/index.ts';
import { VERSION } from './version.ts';

/** Kinds of events, as Datadog has them. */
export const ALERT_TYPES = [
  'info',
  'success',
  'warning',
  'error',
  'user_update',
  'recommendation',
  'snapshot',
] as const;
/** How bad an event is, as Datadog shows it. */
export type AlertType = (typeof ALERT_TYPES)[number];

/** Statuses of service checks; the place of each is its number at Datadog. */
export const CHECK_STATUSES = ['ok', 'warning', 'critical', 'unknown'] as const;
/** How something is, from good to bad. */
export type CheckStatus = (typeof CHECK_STATUSES)[number];

/**
 * How long each part of an event may be, in characters: what Datadog takes, https://docs.datadoghq.com/api/latest/events.
 */
export const EVENT_LIMITS = { title: 100, text: 4_000, aggregationKey: 100 } as const;

/** Something that happened. */
export interface SignalEvent {
  readonly title: string;
  readonly text: string;
  readonly alertType: AlertType;
  /** Events of one key are shown as one. */
  readonly aggregationKey?: string | undefined;
  readonly attributes: Attributes;
}

/** How something is. */
export interface ServiceCheck {
  /** Full name. */
  readonly check: string;
  readonly status: CheckStatus;
  readonly message: string;
  readonly attributes: Attributes;
}

/** Names of OpenTelemetry events: log records that have one. */
const EVENT = `${NAMESPACE}.event`;
const SERVICE_CHECK = `${NAMESPACE}.service_check`;

/** What is no tag of an event's. */
const TITLE = 'event.title';
const ALERT_TYPE = 'event.alert_type';
const AGGREGATION_KEY = 'event.aggregation_key';
const CHECK = 'check.name';
const STATUS = 'check.status';

/** No event of it leaves the process. */
export const silentLoggerProvider: LoggerProvider = { getLogger: createNoopLogger };

const severities: Readonly<Record<AlertType | CheckStatus, SeverityNumber>> = {
  error: SeverityNumber.ERROR,
  critical: SeverityNumber.ERROR,
  warning: SeverityNumber.WARN,
  unknown: SeverityNumber.WARN,
  info: SeverityNumber.INFO,
  success: SeverityNumber.INFO,
  ok: SeverityNumber.INFO,
  user_update: SeverityNumber.INFO,
  recommendation: SeverityNumber.INFO,
  snapshot: SeverityNumber.INFO,
};

/**
 * Emits an OpenTelemetry event `signal.event`, whose body is the text.
 * @param provider default: the globally registered one, at this moment.
 */
export function emitEvent(event: SignalEvent, provider?: LoggerProvider): void {
  const { title, text, alertType, aggregationKey, attributes } = event;
  emit(EVENT, alertType, text, provider, {
    ...attributes,
    [TITLE]: title,
    [ALERT_TYPE]: alertType,
    ...(aggregationKey !== undefined && { [AGGREGATION_KEY]: aggregationKey }),
  });
}

/** Emits an OpenTelemetry event `signal.service_check`, whose body is the message. */
export function emitServiceCheck(serviceCheck: ServiceCheck, provider?: LoggerProvider): void {
  const { check, status, message, attributes } = serviceCheck;
  emit(SERVICE_CHECK, status, message, provider, { ...attributes, [CHECK]: check, [STATUS]: status });
}

function emit(
  eventName: string,
  kind: AlertType | CheckStatus,
  body: string,
  provider: LoggerProvider | undefined,
  attributes: Attributes,
): void {
  const severityNumber = severities[kind];
  const severityText = SeverityNumber[severityNumber];
  const record: LogRecord = { eventName, severityNumber, severityText, body, attributes };
  (provider ?? logs).getLogger(NAMESPACE, VERSION).emit(record);
}

/** The event that a log record is; `undefined` where it is another. */
export function readEvent({ eventName, body, attributes }: LogRecord): SignalEvent | undefined {
  if (eventName !== EVENT) return undefined;
  const { [TITLE]: title, [ALERT_TYPE]: alertType, [AGGREGATION_KEY]: aggregationKey, ...tags } = { ...attributes };
  return {
    title: String(title),
    text: String(body),
    alertType: ALERT_TYPES.find((known) => known === alertType) ?? 'info',
    aggregationKey: typeof aggregationKey === 'string' ? aggregationKey : undefined,
    attributes: withoutObjects(tags),
  };
}

/** The service check that a log record is; `undefined` where it is another. */
export function readServiceCheck({ eventName, body, attributes }: LogRecord): ServiceCheck | undefined {
  if (eventName !== SERVICE_CHECK) return undefined;
  const { [CHECK]: check, [STATUS]: status, ...tags } = { ...attributes };
  return {
    check: String(check),
    status: CHECK_STATUSES.find((known) => known === status) ?? 'unknown',
    message: String(body),
    attributes: withoutObjects(tags),
  };
}

/** Attributes of log records may hold anything, those of events hold what points can. */
function withoutObjects(attributes: Readonly<Record<string, unknown>>): Attributes {
  const plain: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') plain[key] = value;
  }
  return plain;
}
