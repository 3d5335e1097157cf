import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { subjectOf } from './peer.ts';
import type { Subject } from './subject.ts';

export function create(): Subject {
  return subjectOf(new HttpInstrumentation());
}
