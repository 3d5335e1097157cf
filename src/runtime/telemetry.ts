import { createNoopMeter, logs, metrics, trace } from '@opentelemetry/api';
import type { BoundMeterProvider } from '../bound-meter/provider.ts';
import { isRegistered } from '../otel/api-globals.ts';
import { load } from '../otel/load.ts';
import { type Config, datadogAccount, type Environment } from './config.ts';
import { LazyLoggerProvider, LazyTracerProvider } from './lazy-providers.ts';
import type { Pipeline } from './pipeline.ts';

export interface TelemetryOptions {
  /** What of the configuration decides what a start does: exporters, spool. The rest of it is not looked at. */
  readonly atStart: Config;
  /** Reads the whole configuration. Called once, when something is first recorded. */
  readonly readConfig: () => Config;
  readonly environment: Environment;
  /** Is told what goes wrong where nobody waits, or nobody may be disturbed. */
  readonly fail: (what: string, error: unknown) => void;
}

/** Longer than a host takes to import its program. */
const IMPORT_MILLIS = 5_000;

/**
 * What a start registers: providers that load what is behind them when it is first needed. The bound meter comes with
 * the first run, the official SDK with the first export, span, log record or meter of another name. A process that never
 * trains never pays for either.
 */
export class Telemetry {
  readonly #atStart: Config;
  readonly #readConfig: () => Config;
  readonly #environment: Environment;
  readonly #fail: (what: string, error: unknown) => void;
  /** A host that has a MeterProvider keeps it: nothing is read here, and no endpoint opened. */
  readonly #hostMeters = isRegistered('metrics');
  #config: Config | undefined;
  #bound: BoundMeterProvider | undefined;
  #pipeline: Pipeline | undefined;
  #firstExport: NodeJS.Timeout | undefined;
  #isSettled = false;
  #failingSince: number | undefined;

  constructor({ atStart, readConfig, environment, fail }: TelemetryOptions) {
    this.#atStart = atStart;
    this.#readConfig = readConfig;
    this.#environment = environment;
    this.#fail = fail;
  }

  /** Registers the providers. What the host registered before stays in place, and gets the package's instruments. */
  register(): void {
    const { metricsExporters, tracesExporters, logsExporters, spoolFolder } = this.#atStart;
    if (metricsExporters.length > 0 && !this.#hostMeters) this.#registerMetrics();
    if (tracesExporters.length > 0 && !isRegistered('trace')) {
      trace.setGlobalTracerProvider(new LazyTracerProvider(() => this.#tryLoad()?.tracerProvider));
    }
    const hasEvents = logsExporters.length > 0 || datadogAccount(this.#atStart) !== undefined;
    if (hasEvents && !isRegistered('logs')) {
      logs.setGlobalLoggerProvider(new LazyLoggerProvider(() => this.#tryLoad()?.loggerProvider));
    }
    if (spoolFolder !== undefined) this.#scheduleFirstExport();
  }

  /** What holds in this process, from when it is first asked for. */
  get config(): Config {
    this.#config ??= { ...this.#readConfig(), ...(this.#hostMeters && { metricsExporters: [] }) };
    return this.#config;
  }

  /** What the delivery has done so far; `undefined` where nothing has been sent yet. */
  get delivery(): Pipeline['delivery'] | undefined {
    return this.#pipeline?.delivery;
  }

  /** How many series live, in all and by metric. */
  get series(): { readonly live: number; readonly byMetric: Readonly<Record<string, number>> } {
    return { live: this.#bound?.liveSeries ?? 0, byMetric: this.#bound?.liveSeriesByMetric() ?? {} };
  }

  /** Whether nothing was recorded or sent, and no other process has left anything. */
  get isIdle(): boolean {
    return this.#pipeline === undefined && this.#atStart.spoolFolder === undefined && !this.#hasMeasurements();
  }

  /** Whether there is something to send at the natural end of the process. */
  get isUnsettled(): boolean {
    return this.#isSettled ? this.#hasMeasurements() || this.#pipeline?.mayStillSend === true : !this.isIdle;
  }

  /**
   * Sends what has been recorded so far.
   * @param deadline until when, in the time of `performance.now()`.
   */
  async forceFlush(deadline: number): Promise<void> {
    await this.#load().forceFlush(deadline);
  }

  /** Sends what has been recorded at the natural end of the process. The process may go on after it. */
  async settle(deadline: number): Promise<void> {
    this.#isSettled = true;
    await this.#load().settle(deadline);
  }

  async shutdown(deadline: number): Promise<void> {
    clearInterval(this.#firstExport);
    await this.#load().shutdown(deadline);
  }

  /** Lets go of what could not be sent in time. */
  close(): void {
    this.#pipeline?.close();
  }

  /** Lets nothing get lost where there is no time left: no promise made in it is kept. */
  end(): void {
    if (this.#pipeline !== undefined || this.#hasMeasurements()) this.#load().end();
  }

  #registerMetrics(): void {
    metrics.setGlobalMeterProvider({
      getMeter: (name, version, options) => {
        const provider = this.#try(() =>
          this.#metering().isOwnMeter(name) ? this.#meter() : this.#load().meterProvider,
        );
        return provider?.getMeter(name, version, options) ?? createNoopMeter();
      },
    });
    // A scrape may come at any time; an export comes after the interval, where there is anything to export.
    if (this.#atStart.metricsExporters.includes('prometheus')) this.#load();
  }

  #scheduleFirstExport(): void {
    if (this.#pipeline !== undefined || this.#firstExport !== undefined) return;
    const { exportIntervalMillis, spoolFolder } = this.config;
    const intervalMillis = spoolFolder === undefined ? exportIntervalMillis : Math.min(exportIntervalMillis, 1_000);
    this.#firstExport = setInterval(() => this.#exportFirst(), intervalMillis).unref();
  }

  #exportFirst(): void {
    if (this.isIdle) return;
    try {
      void this.#load().export();
    } catch (error) {
      // The next interval tries again: files that the host imports at this moment cannot be had.
      this.#failingSince ??= performance.now();
      if (performance.now() - this.#failingSince >= IMPORT_MILLIS) this.#fail('nothing can be sent', error);
    }
  }

  #hasMeasurements(): boolean {
    return this.#bound !== undefined && !this.#bound.isEmpty;
  }

  #meter(): BoundMeterProvider {
    if (this.#bound === undefined) {
      this.#bound = this.#metering().createBoundMeterProvider(this.config, ({ name, version }) =>
        this.#load().meterProvider.getMeter(name, version),
      );
      this.#scheduleFirstExport();
    }
    return this.#bound;
  }

  #metering(): typeof import('./metering.ts') {
    return load(import.meta.url, 'metering');
  }

  #tryLoad(): Pipeline | undefined {
    return this.#try(() => this.#load());
  }

  /** For whoever calls the API: what cannot be loaded, in a bundle or while the host imports it, is no exception there. */
  #try<Part>(get: () => Part): Part | undefined {
    try {
      return get();
    } catch (error) {
      this.#fail('a meter, spans or log records do without telemetry', error);
      return undefined;
    }
  }

  #load(): Pipeline {
    if (this.#pipeline === undefined) {
      const bound = this.#meter();
      const { Pipeline } = load<typeof import('./pipeline.ts')>(import.meta.url, 'pipeline');
      this.#pipeline = new Pipeline(this.config, this.#environment, bound);
      clearInterval(this.#firstExport);
    }
    return this.#pipeline;
  }
}
