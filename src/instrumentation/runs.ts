import type { LoggerProvider, MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { MetricName } from '../catalogue/index.ts';
import type { Tags } from '../otel/attributes.ts';
import { MetricsCollector, ownCollectors } from '../run/collector.ts';
import type { MetricsCollectorOptions } from '../run/collector-options.ts';

export interface RunOptions {
  /** Further attributes of every run: `["team:ml"]` or `{ team: 'ml' }`. */
  readonly tags?: Tags | undefined;
  /** As the collector's option of that name. */
  readonly omitAttributes?: MetricsCollectorOptions['omitAttributes'];
  /** As the collector's option of that name. */
  readonly runSampleRatio?: MetricsCollectorOptions['runSampleRatio'];
  /** As the collector's option of that name. */
  readonly health?: MetricsCollectorOptions['health'];
  /** Milliseconds without a call until a run is taken to be over. */
  readonly idleTimeoutMillis: number;
  readonly meterProvider?: MeterProvider | undefined;
  readonly tracerProvider?: TracerProvider | undefined;
  readonly loggerProvider?: LoggerProvider | undefined;
}

/** Who a run belongs to, as the server's answer to `POST /runs` says. */
export type RunIdentity = Pick<MetricsCollectorOptions, 'userId' | 'model'>;

const QUEUE_DEPTH = 'signal.performance.queue_depth' satisfies MetricName;

/** How long the server's own number holds, where a driver asks for it now and then. */
const SERVER_DEPTH_MILLIS = 60_000;
/** Of runs, identities and answers that are remembered. */
const MAX_RUNS = 10_000;
const MAX_ANSWERS = 1_000;

/** A run whose calls are followed. */
export class Run {
  readonly collector: MetricsCollector;
  readonly #isOwn: boolean;
  lastCallMillis = 0;
  #unfinished = 0;
  #serverDepthMillis = -Infinity;
  readonly #answers = new Set<string>();

  /** @param isOwn whether the collector is the host's own, which ends it itself. */
  constructor(collector: MetricsCollector, isOwn: boolean) {
    this.collector = collector;
    this.#isOwn = isOwn;
  }

  submitted(): void {
    this.#unfinished += 1;
    this.#showDepth();
  }

  finished(): void {
    this.#unfinished -= 1;
    this.#showDepth();
  }

  /** The server knows of what other processes have submitted, too: its number holds for a while. */
  serverDepth(depth: number): void {
    this.#serverDepthMillis = performance.now();
    this.collector.observe(QUEUE_DEPTH, depth);
  }

  /** Whether this is the first answer to a request: one that was sent twice may be answered twice. */
  isFirstAnswer(requestId: string): boolean {
    if (this.#answers.has(requestId)) return false;
    this.#answers.add(requestId);
    dropOldest(this.#answers, MAX_ANSWERS);
    return true;
  }

  end(): void {
    if (!this.#isOwn) this.collector.end();
  }

  #showDepth(): void {
    if (performance.now() - this.#serverDepthMillis < SERVER_DEPTH_MILLIS) return;
    this.collector.observe(QUEUE_DEPTH, this.#unfinished);
  }
}

/** The runs of this process, each with a collector from its first call until it is complete, or idle for long. */
export class Runs {
  readonly #options: RunOptions;
  /** By the time of their last call, the oldest first. */
  readonly #runs = new Map<string, Run>();
  readonly #identities = new Map<string, RunIdentity>();

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Where the host has a collector of its own for the run, the run has that. */
  of(runId: string): Run {
    const own = ownCollectors.get(runId);
    const known = this.#runs.get(runId);
    const isCurrent = known !== undefined && (own === undefined || known.collector === own);
    if (!isCurrent) known?.end();
    const run = isCurrent ? known : new Run(own ?? this.#createCollector(runId), own !== undefined);
    this.#runs.delete(runId);
    this.#runs.set(runId, run);
    run.lastCallMillis = performance.now();
    this.#endIdle(run.lastCallMillis);
    return run;
  }

  /** Tells who the run belongs to, before its first call. */
  identify(runId: string, identity: RunIdentity): void {
    this.#identities.set(runId, identity);
    dropOldest(this.#identities, MAX_RUNS);
  }

  end(runId: string): void {
    this.#runs.get(runId)?.end();
    this.#runs.delete(runId);
    this.#identities.delete(runId);
  }

  endAll(): void {
    for (const runId of this.#runs.keys()) this.end(runId);
  }

  *collectors(): Iterable<MetricsCollector> {
    for (const { collector } of this.#runs.values()) yield collector;
  }

  #createCollector(runId: string): MetricsCollector {
    const { idleTimeoutMillis: _, ...options } = this.#options;
    return new MetricsCollector({ runId, ...this.#identities.get(runId), ...options });
  }

  #endIdle(nowMillis: number): void {
    const { idleTimeoutMillis } = this.#options;
    for (const [runId, { lastCallMillis }] of this.#runs) {
      if (this.#runs.size <= MAX_RUNS && nowMillis - lastCallMillis <= idleTimeoutMillis) return;
      this.end(runId);
    }
  }
}

/** Of a set or map, which keep their order. */
export function dropOldest(entries: Set<string> | Map<string, unknown>, maxSize: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= maxSize) return;
    entries.delete(key);
  }
}
