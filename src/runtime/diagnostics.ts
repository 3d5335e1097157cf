import { DiagLogLevel, diag } from '@opentelemetry/api';
import { isRegistered } from '../otel/api-globals.ts';
import { LOG_NAMESPACE } from '../otel/diagnostics.ts';
import { load } from '../otel/load.ts';

/**
 * Shows the package's messages on stderr, one line each, unless the host has a diag logger. The OpenTelemetry SDK's own
 * messages repeat what the package says better, so they show only at a level that the user asks for.
 * @param hearSdk is given the SDK's warnings and errors where no level is asked for.
 */
export function installLogger(level: DiagLogLevel | undefined, hearSdk?: (message: readonly unknown[]) => void): void {
  if (isRegistered('diag')) return;
  const writer = (of: DiagLogLevel) => {
    return (...message: unknown[]) => {
      if (level === undefined && message[0] !== LOG_NAMESPACE) {
        if (of <= DiagLogLevel.WARN) hearSdk?.(message);
      } else if (of <= (level ?? DiagLogLevel.INFO)) {
        loadStderr().writeMessage(message);
      }
    };
  };
  diag.setLogger(
    {
      error: writer(DiagLogLevel.ERROR),
      warn: writer(DiagLogLevel.WARN),
      info: writer(DiagLogLevel.INFO),
      debug: writer(DiagLogLevel.DEBUG),
      verbose: writer(DiagLogLevel.VERBOSE),
    },
    DiagLogLevel.ALL,
  );
}

/** Loaded with the first message: most processes have nothing to tell. */
function loadStderr(): typeof import('./stderr.ts') {
  return load(import.meta.url, 'stderr');
}
