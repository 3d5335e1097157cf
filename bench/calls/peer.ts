import { createRequire } from 'node:module';
import { propagation } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { attach, ManualReader } from '../support/reader.ts';
import { createTracerProvider } from '../support/tracing.ts';
import type { Subject } from './subject.ts';

/** An instrumentation of OpenTelemetry's, with spans that are forgotten when they end and a reader of its metrics. */
export function subjectOf(instrumentation: Instrumentation): Subject {
  const reader = new ManualReader('delta');
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  instrumentation.setTracerProvider(createTracerProvider());
  instrumentation.setMeterProvider(attach(reader));
  // It puts itself into a module when somebody requires that.
  createRequire(import.meta.url)('node:http');
  let isOn = true;
  return {
    turn(on) {
      if (on === isOn) return;
      isOn = on;
      if (on) instrumentation.enable();
      else instrumentation.disable();
    },
    async settle() {
      await reader.read();
    },
  };
}
