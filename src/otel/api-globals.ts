/**
 * The slot in which every copy of the API finds what another one registered: the contract between copies. The API itself
 * cannot be asked whether something is registered, and registering over it would be an error in the host's log.
 */
const API_GLOBALS = Symbol.for('opentelemetry.js.api.1');

export type ApiGlobal = 'metrics' | 'trace' | 'logs' | 'context' | 'propagation' | 'diag';

/** Whether the host, or a start of ours, has registered this part of the OpenTelemetry API. */
export function isRegistered(name: ApiGlobal): boolean {
  const globals: unknown = Reflect.get(globalThis, API_GLOBALS);
  return typeof globals === 'object' && globals !== null && Reflect.get(globals, name) !== undefined;
}
