import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';

/** What the package says to a host's diag logger, by level. */
export class CapturedLog implements DiagLogger {
  readonly warnings: string[] = [];
  readonly infos: string[] = [];

  install(): this {
    diag.setLogger(this, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
    return this;
  }

  warn(...message: unknown[]): void {
    this.warnings.push(message.join(' '));
  }
  info(...message: unknown[]): void {
    this.infos.push(message.join(' '));
  }
  error(...message: unknown[]): void {
    this.warnings.push(message.join(' '));
  }
  debug(): void {}
  verbose(): void {}
}
