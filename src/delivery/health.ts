import type { DiagLogger } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';

/** Between two warnings at least: where delivery comes and goes, they would bury the training's own output. */
const QUIET_MILLIS = 60_000;

/** Says once when delivery begins to fail, for whichever signal, and once when it works again. */
export class DeliveryHealth {
  readonly #log: Pick<DiagLogger, 'warn' | 'info'>;
  readonly #failing = new Set<string>();
  #warnedMillis = Number.NEGATIVE_INFINITY;
  #warned = false;

  constructor(log: Pick<DiagLogger, 'warn' | 'info'>) {
    this.#log = log;
  }

  /** @param destination where the signal goes, without secrets. */
  report(signal: string, destination: string, result: ExportResult): void {
    if (result.code === ExportResultCode.SUCCESS) this.#recover(signal, destination);
    else this.#fail(signal, destination, result.error);
  }

  #fail(signal: string, destination: string, error: Error | undefined): void {
    this.#failing.add(signal);
    if (this.#warned || performance.now() - this.#warnedMillis < QUIET_MILLIS) return;
    this.#warnedMillis = performance.now();
    this.#warned = true;
    this.#log.warn(
      `cannot deliver ${signal} to ${destination}: ${describe(error)}. Training goes on; is a Collector listening ` +
        `there? OTEL_EXPORTER_OTLP_ENDPOINT says where to send, OTEL_SDK_DISABLED=true turns telemetry off.`,
    );
  }

  #recover(signal: string, destination: string): void {
    this.#failing.delete(signal);
    if (!this.#warned || this.#failing.size > 0) return;
    this.#warned = false;
    this.#log.info(`delivery works again: ${destination}`);
  }
}

/** What the official exporters of all signals have in common. */
export interface BatchExporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void;
}

/** Has the exporter tell `health` how each export ended. */
export function watch<Batch, E extends BatchExporter<Batch>>(
  exporter: E & BatchExporter<Batch>,
  signal: string,
  destination: string,
  health: DeliveryHealth,
): E {
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) => {
    send(batch, (result) => {
      health.report(signal, destination, result);
      done(result);
    });
  };
  return exporter;
}

/** The kind of failure alone: an answer's body or a URL in a message could carry a secret. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'the export failed';
  const code = 'code' in error && error.code !== undefined ? String(error.code) : undefined;
  if (code !== undefined && /^\d{3}$/.test(code)) return `it answers ${code}`;
  return code ?? error.message.slice(0, 200);
}
