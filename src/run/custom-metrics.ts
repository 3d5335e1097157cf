import type { Attributes, LoggerProvider, MeterProvider } from '@opentelemetry/api';
import { findMetric, type MetricKind, NAMESPACE, qualifiedName } from '../catalogue/index.ts';
import { type Tags, toAttributes } from '../otel/attributes.ts';
import { write } from '../otel/bind.ts';
import { warnOnce } from '../otel/diagnostics.ts';
import { silentLoggerProvider } from '../otel/events.ts';
import { isFiniteFor } from '../otel/finite.ts';
import { instrumentsOf } from '../otel/instruments.ts';
import { SignalMeter, silentMeterProvider } from '../otel/meter.ts';
import { readOptions, requireMethod, requireTags, requireText } from '../otel/options.ts';
import {
  type EventOptions,
  type EventSource,
  type ServiceCheckOptions,
  sendEvent,
  sendServiceCheck,
} from './events.ts';
import { guard } from './guard.ts';
import { requireFunction, whenSettled } from './settled.ts';
import { ValueSets } from './value-sets.ts';
import { isRecordable, NON_FINITE } from './values.ts';

/** Names and tags of a client's metrics, and where they go. */
export interface SignalMetricsOptions {
  /** Put before every name that does not start with it already. Default `signal`. */
  readonly namespace?: string | undefined;
  /** On every point of this client: `["env:production"]` or `{ env: 'production' }`. */
  readonly constantTags?: Tags | undefined;
  /** `false`: nothing is recorded. Default true. */
  readonly enabled?: boolean | undefined;
  /** Of metrics. Default: the globally registered one, also where it is registered later. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Of events. Default: the globally registered one, also where it is registered later. */
  readonly loggerProvider?: LoggerProvider | undefined;
}

/** Tags and sampling of one call. */
export interface RecordOptions {
  /** Beside the client's constant tags; on the same key these win. */
  readonly tags?: Tags | undefined;
  /**
   * Records this share of the calls, from 0.0001 to 1, and weighs each by its inverse, so that counts and sums come out
   * unbiased. Default 1. Meaningless for gauges and sets, whose every call is recorded.
   */
  readonly sampleRate?: number | undefined;
}

const OPTIONS = [
  'namespace',
  'constantTags',
  'enabled',
  'meterProvider',
  'loggerProvider',
] as const satisfies readonly (keyof SignalMetricsOptions)[];

/** A histogram repeats a sampled value by the inverse. */
const MIN_SAMPLE_RATE = 1e-4;

const MAX_NAMESPACE_LENGTH = 50;

/**
 * Metrics of your own: `new SignalMetrics({ constantTags: ['team:ml'] }).gauge('custom.my_metric', 42)` records
 * `signal.custom.my_metric`. Each client has its own namespace and tags. No method throws, whatever values it is given; a NaN or infinite
 * value enters no metric and is counted in `signal.training.non_finite`.
 */
export class SignalMetrics {
  readonly #namespace: string;
  readonly #constantTags: Attributes;
  readonly #meter: SignalMeter;
  readonly #events: EventSource;
  readonly #sets = new ValueSets();

  /** @throws TypeError on an unknown or unusable option. */
  constructor(options: SignalMetricsOptions = {}) {
    const checked = checkMetricsOptions(options);
    const { namespace = NAMESPACE, constantTags, enabled, meterProvider, loggerProvider } = checked;
    this.#namespace = namespace;
    this.#constantTags = toAttributes(constantTags);
    this.#meter = new SignalMeter(enabled === false ? silentMeterProvider : meterProvider);
    this.#events = {
      namespace,
      attributes: this.#constantTags,
      loggerProvider: enabled === false ? silentLoggerProvider : loggerProvider,
    };
  }

  /** The value that something has now. */
  gauge(name: string, value: number, options: RecordOptions = {}): void {
    this.#guarded('gauge', () => this.#record(name, 'gauge', value, options));
  }

  /** One of many values, of which backends show count, sum and percentiles. */
  histogram(name: string, value: number, options: RecordOptions = {}): void {
    this.#guarded('histogram', () => {
      const repeats = roundAtRandom(sampleWeight(options?.sampleRate));
      for (let recorded = 0; recorded < repeats; recorded++) this.#record(name, 'histogram', value, options);
    });
  }

  /** The same as `histogram`: every histogram here arrives at Datadog as a distribution. */
  distribution(name: string, value: number, options: RecordOptions = {}): void {
    this.histogram(name, value, options);
  }

  /** A duration in milliseconds. */
  timing(name: string, valueMillis: number, options: RecordOptions = {}): void {
    this.histogram(name, valueMillis, options);
  }

  /** Counts up by `value`, which is 0 or more. Default 1. */
  increment(name: string, value = 1, options: RecordOptions = {}): void {
    this.#guarded('increment', () => this.#count(name, value, 1, options));
  }

  /**
   * Counts down by `value`, which is 0 or more. Default 1. From its first decrement on a name is an up-down counter, of which
   * backends show the current value; a name that is only incremented is a count. Catalogued counters never go down.
   */
  decrement(name: string, value = 1, options: RecordOptions = {}): void {
    this.#guarded('decrement', () => this.#count(name, value, -1, options));
  }

  /** Shows, as a gauge, how many different values this client was given under the name and tags. */
  set(name: string, value: string | number, options: RecordOptions = {}): void {
    this.#guarded('set', () => {
      const qualified = this.#qualify(name);
      if (qualified === undefined) return;
      const series = [qualified, ...Object.entries(toAttributes(options?.tags)).sort()];
      this.#write(qualified, 'gauge', this.#sets.add(JSON.stringify(series), String(value)), options);
    });
  }

  /** Something that happened: `event({ title: 'Milestone', text: '1000 steps', alertType: 'success' })`. */
  event(options: EventOptions): void {
    this.#guarded('event', () => sendEvent(this.#events, options));
  }

  /** How something is, as a service check: `serviceCheck({ checkName: 'rl.kl_divergence', status: 'CRITICAL' })`. */
  serviceCheck(options: ServiceCheckOptions): void {
    this.#guarded('serviceCheck', () => sendServiceCheck(this.#events, options));
  }

  /**
   * Wraps a function so that each call's duration is recorded in milliseconds; of a promise the settling is timed.
   * @throws TypeError where `fn` is no function.
   * @example
   * ```ts
   * const load = metrics.timed('custom.load_ms', async (path: string) => readFile(path))
   * ```
   */
  timed<This, Args extends unknown[], Result>(
    name: string,
    fn: (this: This, ...args: Args) => Result,
    options: RecordOptions = {},
  ): (this: This, ...args: Args) => Result {
    requireFunction('timed', fn, "metrics.timed('custom.load_ms', () => load())");
    const record = (startedMillis: number) => this.timing(name, performance.now() - startedMillis, options);
    return function timedCall(this: This, ...args: Args): Result {
      const startedMillis = performance.now();
      return whenSettled(
        () => Reflect.apply(fn, this, args),
        () => record(startedMillis),
      );
    };
  }

  #record(name: string, kind: MetricKind, value: unknown, options: RecordOptions): void {
    const qualified = this.#qualify(name);
    if (qualified === undefined) return;
    if (!isRecordable(qualified, kind, value)) return;
    if (isFiniteFor(kind, value)) this.#write(qualified, kind, value, options);
    else this.#countNonFinite(qualified, options);
  }

  #count(name: string, value: unknown, sign: 1 | -1, options: RecordOptions): void {
    const qualified = this.#qualify(name);
    if (qualified === undefined) return;
    if (!isRecordable(qualified, 'counter', value)) return;
    const amount = value * sampleWeight(options?.sampleRate);
    if (!isFiniteFor('counter', amount)) {
      this.#countNonFinite(qualified, options);
      return;
    }
    if (sign < 0 && findMetric(qualified) !== undefined) {
      warnOnce(`down:${qualified}`, `${qualified} is never counted down; not recorded`);
    } else if (amount !== 0) this.#write(qualified, 'counter', sign * amount, options);
  }

  #countNonFinite(name: string, options: RecordOptions): void {
    this.#write(NON_FINITE, 'counter', 1, { tags: { ...toAttributes(options?.tags), metric: name } });
  }

  #write(name: string, kind: MetricKind, value: number, options: RecordOptions): void {
    const instrument = instrumentsOf(this.#meter.current()).get(name, kind);
    if (instrument === undefined) return;
    const tags = options?.tags;
    write(instrument, value, tags ? toAttributes(this.#constantTags, tags) : this.#constantTags);
  }

  #qualify(name: unknown): string | undefined {
    const qualified = qualifiedName(name, this.#namespace);
    if (qualified === undefined) warnOnce('name', 'a metric needs a non-empty name; the value is not recorded');
    return qualified;
  }

  #guarded(method: string, body: () => void): void {
    guard(`SignalMetrics.${method}`, body);
  }
}

/** @throws TypeError saying what to write instead. */
function checkMetricsOptions(given: SignalMetricsOptions): Partial<SignalMetricsOptions> {
  const where = 'SignalMetrics';
  const noKeys = 'it takes no keys, the environment has them: DATADOG_API_KEY, DATADOG_APP_KEY';
  const options = readOptions(where, given, OPTIONS, { apikey: noKeys, appkey: noKeys });
  const { namespace, constantTags, enabled = true, meterProvider, loggerProvider } = options;
  if (namespace !== undefined) requireText(where, 'namespace', namespace, 'leave it out for "signal"');
  if (namespace !== undefined && !(namespace.length <= MAX_NAMESPACE_LENGTH && /^[a-z]([\w.]*\w)?$/i.test(namespace))) {
    const rule = 'starts with a letter and has letters, digits, "_" and "." inside';
    throw new TypeError(`${where}: namespace ${rule}, ${MAX_NAMESPACE_LENGTH} characters at most`);
  }
  requireTags(where, 'constantTags', constantTags);
  if (typeof enabled !== 'boolean') throw new TypeError(`${where}: enabled must be true or false`);
  requireMethod(where, 'meterProvider', meterProvider, 'getMeter', 'leave it out for the one that is registered');
  requireMethod(where, 'loggerProvider', loggerProvider, 'getLogger', 'leave it out for the one that is registered');
  return options;
}

/** 0 where this call is not in the sample, else how many calls it stands for. */
function sampleWeight(sampleRate: unknown = 1): number {
  if (typeof sampleRate !== 'number' || !(sampleRate >= MIN_SAMPLE_RATE && sampleRate <= 1)) {
    warnOnce('sampleRate', `sampleRate must be from ${MIN_SAMPLE_RATE} to 1; every call is recorded`);
    return 1;
  }
  return Math.random() < sampleRate ? 1 / sampleRate : 0;
}

/** Up or down at random, so that the mean stays: a histogram counts whole records only. */
function roundAtRandom(weight: number): number {
  const whole = Math.floor(weight);
  return whole + (Math.random() < weight - whole ? 1 : 0);
}
