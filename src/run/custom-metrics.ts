import type { Attributes, MeterProvider } from '@opentelemetry/api';
import { type MetricKind, NAMESPACE, qualifiedName } from '../catalogue/index.ts';
import { type Tags, toAttributes } from '../otel/attributes.ts';
import { write } from '../otel/bind.ts';
import { warnOnce } from '../otel/diagnostics.ts';
import { instrumentsOf } from '../otel/instruments.ts';
import { SignalMeter, silentMeterProvider } from '../otel/meter.ts';
import { guard } from './guard.ts';
import { checkOptions, requireText } from './options.ts';
import { whenSettled } from './settled.ts';
import { isRecordable, NON_FINITE } from './values.ts';

export interface SignalMetricsOptions {
  /** Put before every name that does not start with it already. Default `signal`. */
  readonly namespace?: string | undefined;
  /** On every point of this client: `["env:production"]` or `{ env: 'production' }`. */
  readonly constantTags?: Tags | undefined;
  /** `false`: nothing is recorded. Default true. */
  readonly enabled?: boolean | undefined;
  /** Default: the globally registered one, also where it is registered later. */
  readonly meterProvider?: MeterProvider | undefined;
}

export interface RecordOptions {
  /** Beside the client's constant tags; on the same key these win. */
  readonly tags?: Tags | undefined;
  /**
   * Records this share of the calls, above 0 and at most 1, and weighs each by its inverse, so that counts and sums come
   * out unbiased. Default 1. Meaningless for gauges and sets, whose every call is recorded.
   */
  readonly sampleRate?: number | undefined;
}

const OPTIONS = [
  'namespace',
  'constantTags',
  'enabled',
  'meterProvider',
] as const satisfies readonly (keyof SignalMetricsOptions)[];

/** Bounds what `set` remembers for a series; past it, the count stays a lower bound. */
const MAX_SET_SIZE = 10_000;
const MAX_SETS = 1_000;
const MAX_SET_VALUE_LENGTH = 200;

/**
 * Metrics of your own: `new SignalMetrics({ constantTags: ['team:ml'] }).gauge('custom.my_metric', 42)` records
 * `signal.custom.my_metric`. Each client has its own namespace and tags. None of its methods throws; a NaN or infinite
 * value enters no metric and is counted in `signal.training.non_finite`.
 */
export class SignalMetrics {
  readonly #namespace: string;
  readonly #constantTags: Attributes;
  readonly #meter: SignalMeter;
  readonly #sets = new Map<string, Set<string>>();

  /** @throws TypeError on an unknown or unusable option. */
  constructor(options: SignalMetricsOptions = {}) {
    checkMetricsOptions(options);
    this.#namespace = options.namespace ?? NAMESPACE;
    this.#constantTags = toAttributes(options.constantTags);
    this.#meter = new SignalMeter(options.enabled === false ? silentMeterProvider : options.meterProvider);
  }

  /** The value that something has now. */
  gauge(name: string, value: number, options: RecordOptions = {}): void {
    this.#guarded('gauge', () => this.#record(name, 'gauge', value, options));
  }

  /** One of many values, of which backends show count, sum and percentiles. */
  histogram(name: string, value: number, options: RecordOptions = {}): void {
    this.#guarded('histogram', () => {
      const repeats = roundAtRandom(sampleWeight(options.sampleRate));
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

  /** Counts up by `value`, which is 0 or more. */
  increment(name: string, value = 1, options: RecordOptions = {}): void {
    this.#guarded('increment', () => this.#count(name, value, 1, options));
  }

  /**
   * Counts down by `value`, which is 0 or more. From its first decrement on a name is an up-down counter, of which
   * backends show the current value; a name that is only incremented is a count. Catalogued counters never go down.
   */
  decrement(name: string, value = 1, options: RecordOptions = {}): void {
    this.#guarded('decrement', () => this.#count(name, value, -1, options));
  }

  /** Shows, as a gauge, how many different values this client was given under the name and tags. */
  set(name: string, value: string | number, options: RecordOptions = {}): void {
    this.#guarded('set', () => {
      const values = this.#valuesSeen(JSON.stringify([name, toAttributes(options.tags)]));
      if (values.size < MAX_SET_SIZE) values.add(String(value).slice(0, MAX_SET_VALUE_LENGTH));
      this.#record(name, 'gauge', values.size, options);
    });
  }

  /**
   * Wraps a function so that each call's duration is recorded in milliseconds; of a promise the settling is timed.
   * @example const load = metrics.timed('custom.load_ms', async (path: string) => readFile(path))
   */
  timed<This, Args extends unknown[], Result>(
    name: string,
    fn: (this: This, ...args: Args) => Result,
    options: RecordOptions = {},
  ): (this: This, ...args: Args) => Result {
    const record = (startedMillis: number) => this.timing(name, performance.now() - startedMillis, options);
    return function timedCall(this: This, ...args: Args): Result {
      const startedMillis = performance.now();
      return whenSettled(
        () => fn.apply(this, args),
        () => record(startedMillis),
      );
    };
  }

  #record(name: string, kind: MetricKind, value: unknown, options: RecordOptions): void {
    const qualified = this.#qualify(name);
    if (qualified === undefined) return;
    if (!isRecordable(qualified, kind, value)) return;
    if (Number.isFinite(value)) this.#write(qualified, kind, value, options);
    else this.#countNonFinite(qualified, options);
  }

  #count(name: string, value: unknown, sign: 1 | -1, options: RecordOptions): void {
    const qualified = this.#qualify(name);
    if (qualified === undefined) return;
    if (!isRecordable(qualified, 'counter', value)) return;
    if (!Number.isFinite(value)) {
      this.#countNonFinite(qualified, options);
      return;
    }
    const amount = value * sampleWeight(options.sampleRate);
    if (amount !== 0) this.#write(qualified, 'counter', sign * amount, options);
  }

  #countNonFinite(name: string, { tags }: RecordOptions): void {
    this.#write(NON_FINITE, 'counter', 1, { tags: { ...toAttributes(tags), metric: name } });
  }

  #write(name: string, kind: MetricKind, value: number, { tags }: RecordOptions): void {
    const instrument = instrumentsOf(this.#meter.current()).get(name, kind);
    if (instrument !== undefined) write(instrument, value, toAttributes(this.#constantTags, tags));
  }

  #qualify(name: unknown): string | undefined {
    const qualified = qualifiedName(name, this.#namespace);
    if (qualified === undefined) warnOnce('name', 'a metric needs a non-empty name; the value is not recorded');
    return qualified;
  }

  #valuesSeen(series: string): Set<string> {
    let values = this.#sets.get(series);
    if (values === undefined) {
      values = new Set();
      if (this.#sets.size < MAX_SETS) this.#sets.set(series, values);
      else warnOnce('sets', `more than ${MAX_SETS} sets; further ones show 1. Use fewer names and tags`);
    }
    return values;
  }

  #guarded(method: string, body: () => void): void {
    guard(`SignalMetrics.${method}`, body);
  }
}

function checkMetricsOptions(options: SignalMetricsOptions): void {
  const where = 'SignalMetrics';
  for (const key of ['apiKey', 'appKey']) {
    if (typeof options === 'object' && options !== null && key in options) {
      throw new TypeError(`${where}: it takes no keys; the Collector has them, as DD_API_KEY`);
    }
  }
  checkOptions(where, options, OPTIONS);
  const { namespace, enabled = true } = options;
  if (namespace !== undefined) requireText(where, 'namespace', namespace, 'leave it out for "signal"');
  if (namespace !== undefined && !/^[a-z]([\w.]*\w)?$/i.test(namespace)) {
    throw new TypeError(`${where}: namespace starts with a letter and has letters, digits, "_" and "." inside`);
  }
  if (typeof enabled !== 'boolean') throw new TypeError(`${where}: enabled must be true or false`);
}

/** 0 where this call is not in the sample, else how many calls it stands for. */
function sampleWeight(sampleRate: unknown = 1): number {
  if (typeof sampleRate !== 'number' || !(sampleRate > 0 && sampleRate <= 1)) {
    warnOnce('sampleRate', 'sampleRate must be above 0 and at most 1; every call is recorded');
    return 1;
  }
  return Math.random() < sampleRate ? 1 / sampleRate : 0;
}

/** Up or down at random, so that the mean stays: a histogram counts whole records only. */
function roundAtRandom(weight: number): number {
  const whole = Math.floor(weight);
  return whole + (Math.random() < weight - whole ? 1 : 0);
}
