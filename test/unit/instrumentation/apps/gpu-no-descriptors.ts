import { closeSync, openSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { GpuSampler } from '../../../../src/instrumentation/gpu.ts';
import { log } from '../../../../src/otel/diagnostics.ts';

// A process that has no file descriptor left when it starts to sample GPUs. It prints what the package says.
const say = (...message: unknown[]) => process.stdout.write(`${message.join(' ')}\n`);
const logger: DiagLogger = { error: say, warn: say, info: say, debug: say, verbose: say };
diag.setLogger(logger, { logLevel: DiagLogLevel.DEBUG });
// What the log needs is loaded with the first message, which takes descriptors.
log.debug('before');

const descriptors: number[] = [];
try {
  for (;;) descriptors.push(openSync('/dev/null', 'r'));
} catch {
  new GpuSampler({ intervalMillis: 60_000, onSample: () => {} }).start();
}
await turn();
for (const descriptor of descriptors) closeSync(descriptor);
say('goes on');
