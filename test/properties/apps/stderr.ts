/** Says the text in its environment at every level, as the package and as the SDK do, and then goes on for a while. */

import { setImmediate } from 'node:timers/promises';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { log } from '../../../src/otel/diagnostics.ts';
import { installLogger } from '../../../src/runtime/diagnostics.ts';

installLogger(DiagLogLevel.ALL);
const text: string = JSON.parse(process.env.TEXT ?? '""');
for (let time = 0; time < Number(process.env.TIMES ?? 1); time++) {
  for (const level of ['error', 'warn', 'info', 'debug'] as const) log[level](text);
  for (const level of ['error', 'warn', 'info', 'debug', 'verbose'] as const) {
    diag[level](text, new Error(text), Object.create(null), Symbol('symbol'), undefined);
  }
  await setImmediate();
}
process.stdout.write('done');
