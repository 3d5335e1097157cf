import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { fail, type Numbers, serve } from '../support/child.ts';
import { metricsSerializer } from '../support/package.ts';
import { SERIES_PER_RUN } from './series.ts';
import { createSubject, type Subject, type SubjectName } from './subjects.ts';

const prometheus = new PrometheusSerializer();
let value = 1;

/** `worker.ts <subject> <temporality> <runs>` answers `{ repeat }` with the mean of so many cycles. */
function main([name, temporality, runs]: readonly string[]): void {
  const isDelta = temporality === 'delta';
  const subject = createSubject(subjectName(name), isDelta ? 'delta' : 'cumulative', Number(runs));
  const series = Number(runs) * SERIES_PER_RUN;
  serve(async ({ repeat = 1 }) => {
    const cycles: Numbers[] = [];
    for (let cycle = 0; cycle < repeat; cycle++) cycles.push(await runCycle(subject, series, isDelta));
    return meanOf(cycles);
  });
}

/** Records, collects and serialises once. */
async function runCycle({ writes, reader }: Subject, series: number, isDelta: boolean): Promise<Numbers> {
  value = (value % 1_000) + 1;
  for (const write of writes) write(value);
  // What recording left behind is not charged to the collection. A full collection would throw away compiled code.
  global.gc?.({ type: 'minor' });
  const started = performance.now();
  const collected = await reader.read();
  const collectMillis = performance.now() - started;
  expectAll(collected, series);
  return { collectMillis, ...(isDelta ? serialiseOtlp(collected) : serialiseText(collected)) };
}

function meanOf(cycles: readonly Numbers[]): Numbers {
  const sums: Record<string, number> = {};
  for (const cycle of cycles) {
    for (const [key, figure] of Object.entries(cycle)) sums[key] = (sums[key] ?? 0) + figure / cycles.length;
  }
  return sums;
}

function serialiseOtlp(collected: ResourceMetrics): Numbers {
  const protobuf = timed(() => ProtobufMetricsSerializer.serializeRequest(collected));
  const own = timed(() => metricsSerializer.serializeRequest(collected));
  const json = timed(() => JsonMetricsSerializer.serializeRequest(collected));
  return {
    protobufMillis: protobuf.millis,
    protobufBytes: protobuf.result?.length ?? Number.NaN,
    ownMillis: own.millis,
    jsonMillis: json.millis,
    jsonBytes: json.result?.length ?? Number.NaN,
  };
}

function serialiseText(collected: ResourceMetrics): Numbers {
  const { millis, result } = timed(() => prometheus.serialize(collected));
  return { textMillis: millis, textBytes: result.length };
}

function timed<Result>(work: () => Result): { readonly millis: number; readonly result: Result } {
  const started = performance.now();
  const result = work();
  return { millis: performance.now() - started, result };
}

/** A series left out would make its collection look cheap. */
function expectAll({ scopeMetrics }: ResourceMetrics, expected: number): void {
  const points = scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .reduce((sum, metric) => sum + metric.dataPoints.length, 0);
  if (points !== expected) throw new Error(`expected ${expected} points, got ${points}`);
}

function subjectName(name: string | undefined): SubjectName {
  if (name === 'bound' || name === 'sdk') return name;
  throw new RangeError(`There is no subject ${name}`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  fail(error);
}
