import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { subjectOf } from './peer.ts';
import type { Subject } from './subject.ts';

export function create(): Subject {
  return subjectOf(new UndiciInstrumentation());
}
