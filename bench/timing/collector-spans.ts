import type { Contender } from '../support/contender.ts';
import { createTracerProvider } from '../support/tracing.ts';
import { timeWith } from './collector.ts';

export function create(): Contender {
  return timeWith(createTracerProvider());
}
