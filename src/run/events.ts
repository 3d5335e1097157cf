import type { Attributes, LoggerProvider } from '@opentelemetry/api';
import { qualifiedName } from '../catalogue/index.ts';
import { type Tags, toAttributes } from '../otel/attributes.ts';
import { warnOnce } from '../otel/diagnostics.ts';
import {
  ALERT_TYPES,
  type AlertType,
  CHECK_STATUSES,
  type CheckStatus,
  EVENT_LIMITS,
  emitEvent,
  emitServiceCheck,
  type SignalEvent,
} from '../otel/events.ts';
import { redact, redactLines } from '../otel/redact.ts';
import { quoted } from '../otel/text.ts';
import { hasFields, kindOfThing } from './result.ts';

/** A word in lower case, in capitals, or with one capital: `ok`, `OK`, `Ok`. */
type AnyCase<Word extends string> = Word | Uppercase<Word> | Capitalize<Word>;

/** Something that happened, for the event stream of a backend. */
export interface EventOptions {
  /** One line; Datadog shows 100 characters. */
  readonly title: string;
  /** At most 4000 characters. What looks like a secret is left out of both. */
  readonly text?: string | undefined;
  /** In any case. Default `info`. */
  readonly alertType?: AnyCase<AlertType> | undefined;
  /** Events of one key are shown as one. At most 100 characters. */
  readonly aggregationKey?: string | undefined;
  /** Beside the constant tags or the run's attributes; on the same key these win. */
  readonly tags?: Tags | undefined;
}

/** How something is, as a service check of Datadog's. */
export interface ServiceCheckOptions {
  /** `rl.kl_divergence` is `signal.rl.kl_divergence`: `signal.` goes before where it is missing, as for metrics. */
  readonly checkName: string;
  /** In any case, or Datadog's number: 0 ok, 1 warning, 2 critical, 3 unknown. */
  readonly status: AnyCase<CheckStatus> | 0 | 1 | 2 | 3;
  /** Why it is so, for whoever is called: at most 4000 characters. What looks like a secret is left out. */
  readonly message?: string | undefined;
  /** Beside the constant tags or the run's attributes; on the same key these win. */
  readonly tags?: Tags | undefined;
}

/** Who sends events, and with what. */
export interface EventSource {
  readonly namespace: string;
  readonly attributes: Attributes;
  /** Default: the globally registered one, at the moment of each event. */
  readonly loggerProvider: LoggerProvider | undefined;
}

/**
 * Sends an event; warns where there is nothing to send.
 * @returns what was sent.
 */
export function sendEvent({ attributes, loggerProvider }: EventSource, options: EventOptions): SignalEvent | undefined {
  if (!isObject('event', options, "event({ title: 'Milestone', text: '1000 steps' })")) return undefined;
  const { title, text, alertType, aggregationKey, tags } = options;
  const [shownTitle, shownText] = [
    redact(textOf(title), EVENT_LIMITS.title),
    redactLines(textOf(text), EVENT_LIMITS.text),
  ];
  if (shownTitle === '' && shownText === '') {
    warnOnce('event-empty', 'event takes a title and a text; one with neither is not sent');
    return undefined;
  }
  const event: SignalEvent = {
    title: shownTitle || redact(shownText, EVENT_LIMITS.title),
    text: shownText || shownTitle,
    alertType: wordOf('alertType', alertType, ALERT_TYPES) ?? 'info',
    ...(aggregationKey && { aggregationKey: redact(textOf(aggregationKey), EVENT_LIMITS.aggregationKey) }),
    attributes: tags ? toAttributes(attributes, tags) : attributes,
  };
  emitEvent(event, loggerProvider);
  return event;
}

/** Sends a service check; warns where it has no name. */
export function sendServiceCheck(source: EventSource, options: ServiceCheckOptions): void {
  if (!isObject('serviceCheck', options, "serviceCheck({ checkName: 'rl.kl_divergence', status: 'CRITICAL' })")) return;
  const { checkName, status, message, tags } = options;
  const check = qualifiedName(checkName, source.namespace);
  if (check === undefined) {
    warnOnce('check-name', 'serviceCheck needs a checkName; it is not sent');
    return;
  }
  const word = typeof status === 'number' ? CHECK_STATUSES[status] : status;
  emitServiceCheck(
    {
      check,
      status: wordOf('status', word ?? textOf(status), CHECK_STATUSES) ?? 'unknown',
      message: redactLines(textOf(message), EVENT_LIMITS.text),
      attributes: tags ? toAttributes(source.attributes, tags) : source.attributes,
    },
    source.loggerProvider,
  );
}

function isObject(where: string, options: unknown, example: string): boolean {
  if (hasFields(options)) return true;
  warnOnce(`${where}-options`, `${where} takes an object, as in ${example}, not ${kindOfThing(options)}`);
  return false;
}

/** Text out of training code, which may give anything. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** The word that was meant, in whatever case; `undefined`, with one warning, for another. */
function wordOf<Word extends string>(option: string, given: unknown, words: readonly Word[]): Word | undefined {
  if (given === undefined || given === null) return undefined;
  const lower = textOf(given).trim().toLowerCase();
  const word = words.find((known) => known === lower);
  if (word === undefined) warnOnce(`word:${option}`, `${option} takes ${words.join(', ')}; not ${quoted(lower)}`);
  return word;
}
