import tracer, { type Tracer } from 'dd-trace';
import type { Ports } from './contender.ts';

/** Sends to the sink, and does nothing beside what is measured. */
export function startTracer({ udpPort, httpPort }: Ports): Tracer {
  return tracer.init({
    url: `http://127.0.0.1:${httpPort}`,
    dogstatsd: { hostname: '127.0.0.1', port: udpPort },
    plugins: false,
    runtimeMetrics: false,
    profiling: false,
  });
}
