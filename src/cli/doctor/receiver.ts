import { createDestinations } from '../../delivery/destinations.ts';
import type { SignalKind } from '../../delivery/request.ts';
import { VERSION } from '../../otel/version.ts';
import { type Config, datadogAccount, type Environment, isDirect } from '../../runtime/config.ts';

/** The URL to which a signal goes by OTLP, without secrets; `undefined` where what is set is none. */
export function receiverOf(signal: SignalKind, config: Config, environment: Environment): string | undefined {
  const datadog = isDirect(config, environment) ? datadogAccount(config) : undefined;
  try {
    // Nothing is sent yet: a destination is a name until then, and this is the one that the pipeline will have.
    const name = createDestinations({ [signal]: { userAgent: `signal-otel/${VERSION}`, datadog } })[signal]?.name;
    return name !== undefined && URL.canParse(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
