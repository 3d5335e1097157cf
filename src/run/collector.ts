import type { Attributes, LoggerProvider, Tracer } from '@opentelemetry/api';
import {
  type HealthRule,
  type MetricKind,
  type MetricName,
  NAMESPACE,
  performanceMetrics,
  rlMetrics,
  trainingMetrics,
} from '../catalogue/index.ts';
import { warnOnce } from '../otel/diagnostics.ts';
import { silentLoggerProvider } from '../otel/events.ts';
import { SignalMeter, silentMeterProvider } from '../otel/meter.ts';
import { signalTracer, silentTracerProvider } from '../otel/spans.ts';
import {
  type CollectResultOptions,
  checkCollectorOptions,
  type MetricsCollectorOptions,
  type PerformanceMetrics,
  type RlMetrics,
  type StepField,
  type TrainingMetrics,
} from './collector-options.ts';
import {
  type EventOptions,
  type EventSource,
  type ServiceCheckOptions,
  sendEvent,
  sendServiceCheck,
} from './events.ts';
import { CallFields } from './fields.ts';
import { guard } from './guard.ts';
import { type CheckHealth, RunHealth } from './health.ts';
import { reportHealth } from './health-report.ts';
import { type HistoryEntry, HistoryRing, type MetricsHistory, type MetricsSummary, RunStatistics } from './history.ts';
import { extraMetricName, kindOf } from './metric-names.ts';
import { OpenOperations } from './open-operations.ts';
import { type Operation, type OperationReport, stepOf, type TimedOperation } from './operation.ts';
import { OwnCollectors } from './own-collectors.ts';
import { RunRecorder } from './recorder.ts';
import { hasFields, kindOfThing, readResult } from './result.ts';
import { RunAttributes } from './run-attributes.ts';
import { isObserved, tellEnded, tellHappened, tellKept } from './run-observer.ts';
import { isInSample, RUN_SAMPLED, RunPresence, tellLeftOut } from './run-sample.ts';
import { requireFunction, thenOf, whenSettled } from './settled.ts';
import { isStep, StepCounter } from './step-counter.ts';

const trainingFields = new CallFields('collectTrainingMetrics', trainingMetrics, ['step', 'extraMetrics']);
const rlFields = new CallFields('collectRlMetrics', rlMetrics, ['step']);
const performanceFields = new CallFields('collectPerformanceMetrics', performanceMetrics, ['step']);

/**
 * Makes the collector of one training run.
 * @throws TypeError on an unknown or unusable option.
 */
export function createMetricsCollector(options: MetricsCollectorOptions): MetricsCollector {
  const collector = new MetricsCollector(options);
  ownCollectors.add(collector);
  return collector;
}

export const ownCollectors = new OwnCollectors<MetricsCollector>();

/** Answers that were collected on the caller's behalf: where the caller does it, too, it is the same answer. */
const collectedAnswers = new WeakSet<object>();

/** Has the next `collectResult` of this answer do nothing. */
export function markCollected(answer: object): void {
  collectedAnswers.add(answer);
}

/**
 * One training run: records its metrics, times its operations, keeps a bounded history and a summary. No method throws,
 * whatever it is given.
 */
export class MetricsCollector {
  readonly runId: string;
  /** The last calls, at most `historySize`. */
  readonly metricsHistory: MetricsHistory;
  readonly #history: HistoryRing;
  readonly #recorder: RunRecorder;
  readonly #presence: RunPresence | undefined;
  readonly #statistics = new RunStatistics();
  readonly #steps = new StepCounter();
  /** @internal */
  readonly tracer: Tracer;
  /**
   * Of every span of the run.
   * @internal
   */
  readonly spanAttributes: Attributes;
  /** @internal */
  readonly model: string | undefined;
  /** @internal */
  readonly healthRules: readonly HealthRule[];
  readonly #operations: OpenOperations;
  readonly #health: RunHealth;
  readonly #loggerProvider: LoggerProvider | undefined;
  /** Metrics of this family that the host records itself: nobody else records them beside it. */
  readonly #ownPerformance = new Set<string>();
  #step: number | null = null;

  constructor(options: MetricsCollectorOptions) {
    const checked = checkCollectorOptions(options);
    const { runId, userId, model, tags, historySize, enableDatadog, runSampleRatio } = checked;
    const attributes = new RunAttributes(tags, { run_id: runId, user_id: userId, model }, checked.omitAttributes);
    const isSampled = isInSample(runId, runSampleRatio);
    const meter = new SignalMeter(enableDatadog ? checked.meterProvider : silentMeterProvider);
    const tracerProvider = enableDatadog ? checked.tracerProvider : silentTracerProvider;

    this.runId = runId;
    this.model = model;
    this.healthRules = checked.health.rules;
    this.#history = new HistoryRing(historySize, () => this.#statistics.clear());
    this.metricsHistory = this.#history;
    this.#recorder = new RunRecorder(isSampled ? meter : new SignalMeter(silentMeterProvider), attributes);
    if (enableDatadog && runSampleRatio < 1) this.#presence = presenceOf(this, meter, isSampled);
    if (enableDatadog && !isSampled) tellLeftOut(runId, runSampleRatio);
    this.tracer = signalTracer(tracerProvider);
    this.spanAttributes = isSampled ? attributes.all : Object.freeze({ ...attributes.all, [RUN_SAMPLED]: false });
    this.#operations = new OpenOperations(this.tracer, this.spanAttributes, (report) => this.recordOperation(report));
    this.#loggerProvider = enableDatadog ? checked.loggerProvider : silentLoggerProvider;
    this.#health = new RunHealth(checked.health, {
      record: (check, level) => this.#recorder.record('signal.health.status', 'gauge', level, { check }),
      changed: (change) => reportHealth(change, { ...this.#eventSource, runId, step: this.#step }),
    });
  }

  /** Loss, gradient norm, learning rate and whatever else one training step yields. */
  collectTrainingMetrics(metrics: TrainingMetrics): void {
    this.#collectFields('collectTrainingMetrics', trainingFields, metrics, (recorded) =>
      this.#recordExtra(recorded, metrics.extraMetrics ?? {}),
    );
  }

  /** Policy and value losses, entropy, KL, clipping, advantages, reward. */
  collectRlMetrics(metrics: RlMetrics): void {
    this.#collectFields('collectRlMetrics', rlFields, metrics);
  }

  /** Durations measured elsewhere, queue depth, GPU. What `timeOperation` times is recorded there already. */
  collectPerformanceMetrics(metrics: PerformanceMetrics): void {
    this.#collectFields('collectPerformanceMetrics', performanceFields, metrics, (recorded) => {
      for (const name of Object.keys(recorded)) this.#ownPerformance.add(name);
    });
  }

  /**
   * Takes an answer of `forward_backward` or `optim_step` as the server or a client gives it: snake_case or camelCase,
   * nulls, values at the top or inside `metrics`. Keys that the catalogue does not know become `signal.training.<key>`.
   */
  collectResult(result: object, options: CollectResultOptions = {}): void {
    guard('collectResult', () => {
      if (collectedAnswers.delete(result)) return;
      if (thenOf(result) !== undefined) {
        warnOnce('result-promise', 'collectResult takes the answer itself: await the promise or future first');
        return;
      }
      if (!hasFields(result)) {
        warnOnce(
          'result',
          `collectResult takes the answer of forward_backward or optim_step, not ${kindOfThing(result)}`,
        );
        return;
      }
      const reading = readResult(result);
      const isAccumulating = Boolean(options?.accumulate);
      this.#collect((recorded) => {
        this.#advance(reading.step, reading.isAfterUpdate);
        for (const [name, value] of reading.metrics) {
          if (isAccumulating && name === 'signal.training.grad_norm' && value === 0) continue;
          this.#record(recorded, name, kindOf(name), value);
        }
      });
    });
  }

  /**
   * Runs `fn` inside a span `signal.<name>` and records its duration as `signal.performance.<name>_duration_ms`, also
   * where it fails. Gives back what `fn` gives and throws what it throws; of a promise the settling is timed.
   */
  timeOperation<T>(name: string, fn: () => T): T {
    requireFunction('timeOperation', fn, "timeOperation('sample', () => client.sample())");
    const operation = this.#operations.begin(name, this.#step);
    if (operation === undefined) return fn();
    return whenSettled(
      () => operation.run(fn),
      (outcome) => {
        if ('error' in outcome) operation.end(outcome);
        else operation.end({ step: stepOf(outcome.value) });
      },
    );
  }

  /** The start/stop form of `timeOperation`. */
  startOperation(name: string): Operation {
    return this.#operations.begin(name, this.#step) ?? { end() {}, [Symbol.dispose]() {} };
  }

  /** Something that happened, with the run's attributes: `event({ title: 'Milestone', text: '1000 steps' })`. */
  event(options: EventOptions): void {
    guard('event', () => {
      const sent = sendEvent(this.#eventSource, options);
      if (sent !== undefined) tellHappened({ ...sent, runId: this.runId, step: this.#step });
    });
  }

  /** How something is, as a service check: `serviceCheck({ checkName: 'rl.sampler', status: 'OK' })`. */
  serviceCheck(options: ServiceCheckOptions): void {
    guard('serviceCheck', () => sendServiceCheck(this.#eventSource, options));
  }

  /** How the run is doing, by every check that has been judged. */
  getHealth(): CheckHealth[] {
    return this.#health.checks();
  }

  /** What the run has recorded since its start, or since the last `metricsHistory.clear()`. */
  getMetricsSummary(): MetricsSummary {
    return this.#statistics.summary();
  }

  /** Ends the run's series. Call it once the run is over; history and summary stay. */
  end(): void {
    ownCollectors.delete(this);
    this.#health.end();
    guard('end', () => {
      this.#recorder.end();
      this.#presence?.end();
    });
    tellEnded(this);
  }

  /**
   * The operation of that name which has begun last and not ended.
   * @internal
   */
  openOperation(name: string): TimedOperation | undefined {
    return this.#operations.last(name);
  }

  /**
   * Records an operation that somebody else has timed.
   * @internal
   */
  recordOperation({ metric, durationMillis, errorType }: OperationReport): void {
    const recorded: Record<string, number> = {};
    const attributes = errorType === undefined ? undefined : { 'error.type': errorType };
    this.#record(recorded, metric, 'histogram', durationMillis, attributes);
    this.#keep(recorded);
  }

  /**
   * `collectResult` on the caller's behalf, who may call it for the same answer: that is collected once.
   * @internal
   */
  collectAnswer(answer: object, options: CollectResultOptions): void {
    // A client may give one object again and again.
    collectedAnswers.delete(answer);
    this.collectResult(answer, options);
    markCollected(answer);
  }

  /**
   * Records what goes on beside the training, such as the GPU: no entry of the history. What the host records itself
   * is left to it.
   * @internal
   */
  observe(name: MetricName, value: number): void {
    guard('observe', () => {
      if (this.#ownPerformance.has(name)) return;
      this.#presence?.show();
      this.#recorder.record(name, kindOf(name), value);
      if (isObserved()) tellKept(this, this.#entryOf({ [name]: value }));
    });
  }

  #collectFields(
    call: string,
    fields: CallFields,
    metrics: StepField,
    recordMore: (recorded: Record<string, number>) => void = () => {},
  ): void {
    guard(call, () => {
      if (!hasFields(metrics)) {
        warnOnce(`fields:${call}`, `${call} takes an object with its values by name, not ${kindOfThing(metrics)}`);
        return;
      }
      this.#collect((recorded) => {
        this.#advance(metrics.step);
        this.#recordFields(recorded, fields, metrics);
        recordMore(recorded);
      });
    });
  }

  get #eventSource(): EventSource {
    return { namespace: NAMESPACE, attributes: this.spanAttributes, loggerProvider: this.#loggerProvider };
  }

  /** What one call records is one entry, also where a getter of the caller's ends it early. */
  #collect(record: (recorded: Record<string, number>) => void): void {
    const recorded: Record<string, number> = {};
    try {
      record(recorded);
    } finally {
      this.#health.add(recorded, this.#keep(recorded));
    }
  }

  /** @param isAfterUpdate whether `step` counts the update that it reports, as optim_step's answer does. */
  #advance(step: unknown, isAfterUpdate = false): void {
    if (step === null || step === undefined) return;
    if (!isStep(step)) {
      warnOnce('step', 'step must be a whole number from 0; the values are recorded without it');
      return;
    }
    this.#step = step;
    this.#recorder.record('signal.training.current_step', 'gauge', step);
    const made = this.#steps.advanceTo(isAfterUpdate ? Math.max(0, step - 1) : step);
    if (made > 0) this.#recorder.record('signal.training.step', 'counter', made);
    this.#health.stepped();
  }

  #recordFields(recorded: Record<string, number>, fields: CallFields, values: object): void {
    for (const field of Object.keys(values)) {
      const definition = fields.metricOf(field);
      if (definition !== undefined) {
        this.#record(recorded, definition.name, definition.kind, Reflect.get(values, field));
      }
    }
  }

  #recordExtra(recorded: Record<string, number>, extra: unknown): void {
    if (!hasFields(extra)) {
      warnOnce('extra', `extraMetrics takes an object with values by name, not ${kindOfThing(extra)}`);
      return;
    }
    for (const [key, value] of Object.entries(extra)) {
      const name = extraMetricName(key);
      if (name === undefined) continue;
      if (Object.hasOwn(recorded, name)) warnOnce(`twice:${name}`, `${name}: the extra metric gives way to the field`);
      else this.#record(recorded, name, kindOf(name), value);
    }
  }

  #record(recorded: Record<string, number>, name: string, kind: MetricKind, value: unknown, extra?: Attributes): void {
    const number = this.#recorder.record(name, kind, value, extra);
    if (number !== undefined) recorded[name] = number;
  }

  /**
   * Remembers what one call recorded as one entry.
   * @returns the names of its metrics.
   */
  #keep(recorded: Readonly<Record<string, number>>): readonly string[] {
    const names = Object.keys(recorded);
    if (names.length === 0) return names;
    this.#presence?.show();
    const entry = this.#entryOf(recorded);
    this.#history.push(entry);
    this.#statistics.add(entry, names);
    tellKept(this, entry);
    return names;
  }

  #entryOf(recorded: Readonly<Record<string, number>>): HistoryEntry {
    return { timestampMillis: Date.now(), step: this.#step, metrics: recorded };
  }
}

/** Of collectors that nobody has any more, and nobody has ended. */
const abandoned = new FinalizationRegistry<RunPresence>((presence) => guard('end', () => presence.end()));

function presenceOf(collector: MetricsCollector, meter: SignalMeter, isSampled: boolean): RunPresence {
  const presence = new RunPresence(meter, isSampled);
  abandoned.register(collector, presence);
  return presence;
}
