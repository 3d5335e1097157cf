import protobuf from 'protobufjs';
import type { Log, Series, Sketch, Span } from './datadog-wire.ts';

/** What Datadog's OTLP intake makes of a request: the same as of what its exporter sends. */

const schema = protobuf.parse(`
  syntax = "proto3";

  message AnyValue {
    oneof value { string text = 1; bool flag = 2; int64 integer = 3; double number = 4; }
  }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Resource { repeated KeyValue attributes = 1; }

  message Metrics { repeated ResourceMetrics resources = 1; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scopes = 2; }
  message ScopeMetrics { repeated Metric metrics = 2; }
  message Metric {
    string name = 1;
    oneof data { Numbers gauge = 5; Numbers sum = 7; Histogram histogram = 9; Exponential exponential = 10; }
  }
  message Numbers { repeated NumberPoint points = 1; int32 temporality = 2; }
  message NumberPoint {
    fixed64 time = 3;
    oneof value { double number = 4; sfixed64 integer = 6; }
    repeated KeyValue attributes = 7;
  }
  message Histogram { repeated HistogramPoint points = 1; int32 temporality = 2; }
  message HistogramPoint {
    fixed64 time = 3; fixed64 count = 4; double sum = 5; repeated KeyValue attributes = 9; double min = 11; double max = 12;
  }
  message Exponential { repeated ExponentialPoint points = 1; int32 temporality = 2; }
  message ExponentialPoint {
    repeated KeyValue attributes = 1; fixed64 time = 3; fixed64 count = 4; double sum = 5; double min = 12; double max = 13;
  }

  message Traces { repeated ResourceSpans resources = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopes = 2; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes traceId = 1;
    bytes spanId = 2;
    bytes parentId = 4;
    string name = 5;
    fixed64 start = 7;
    fixed64 end = 8;
    repeated KeyValue attributes = 9;
    Status status = 15;
  }
  message Status { string message = 2; int32 code = 3; }

  message Logs { repeated ResourceLogs resources = 1; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scopes = 2; }
  message ScopeLogs { repeated LogRecord records = 2; }
  message LogRecord {
    string severity = 3;
    AnyValue body = 5;
    repeated KeyValue attributes = 6;
    bytes traceId = 9;
    string eventName = 12;
  }

  message Refusal { string message = 2; }
`).root;

const CUMULATIVE = 2;
const ERROR = 2;

interface WireValue {
  text?: string;
  flag?: boolean;
  integer?: bigint;
  number?: number;
}

type WireAttributes = { key: string; value: WireValue | null }[];

interface WireResource {
  resource: { attributes: WireAttributes } | null;
}

interface WireHistogram {
  temporality: number;
  points: { time: bigint; count: bigint; sum: number; min: number; max: number; attributes: WireAttributes }[];
}

interface WireMetric {
  name: string;
  gauge?: WireNumbers;
  sum?: WireNumbers;
  histogram?: WireHistogram;
  exponential?: WireHistogram;
}

interface WireNumbers {
  temporality: number;
  points: { time: bigint; number?: number; integer?: bigint; attributes: WireAttributes }[];
}

interface WireSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentId: Uint8Array;
  name: string;
  start: bigint;
  end: bigint;
  attributes: WireAttributes;
  status: { message: string; code: number } | null;
}

interface WireLog {
  severity: string;
  body: WireValue | null;
  attributes: WireAttributes;
  traceId: Uint8Array;
  eventName: string;
}

/** The header `dd-otel-metric-config`, as far as it is used here. */
export interface MetricConfig {
  readonly resource_attributes_as_tags?: boolean;
}

/** Throws on what the intake refuses: cumulative temporality. The buckets of histograms are left out. */
export function decodeOtlpMetrics(
  body: Uint8Array,
  config: MetricConfig = {},
): { series: Series[]; sketches: Sketch[] } {
  const series: Series[] = [];
  const sketches: Sketch[] = [];
  const wire: (WireResource & { scopes: { metrics: WireMetric[] }[] })[] = decode('Metrics', body).resources;
  for (const { resource, scopes } of wire) {
    const origin = originOf(resource, config);
    for (const { name, gauge, sum, histogram, exponential } of scopes.flatMap(({ metrics }) => metrics)) {
      if ((sum ?? histogram ?? exponential)?.temporality === CUMULATIVE) throw new Error(`${name} is not delta.`);
      for (const { time, number, integer, attributes } of (gauge ?? sum)?.points ?? []) {
        series.push({
          metric: name,
          type: gauge === undefined ? 'count' : 'gauge',
          host: origin.host,
          tags: [...tagsOf(attributes), ...origin.tags],
          unit: '',
          intervalSeconds: 0,
          points: [{ value: number ?? Number(integer), timestampSeconds: seconds(time) }],
        });
      }
      for (const { time, count, sum: total, min, max, attributes } of (histogram ?? exponential)?.points ?? []) {
        const average = total / Number(count);
        sketches.push({
          metric: name,
          host: origin.host,
          tags: [...tagsOf(attributes), ...origin.tags],
          points: [{ timestampSeconds: seconds(time), count: Number(count), min, max, average, sum: total, bins: [] }],
        });
      }
    }
  }
  return { series, sketches };
}

export function decodeOtlpSpans(body: Uint8Array): Span[] {
  const wire: (WireResource & { scopes: { spans: WireSpan[] }[] })[] = decode('Traces', body).resources;
  return wire.flatMap(({ resource, scopes }) => {
    const { service, env, version, host } = originOf(resource);
    return scopes
      .flatMap(({ spans }) => spans)
      .map(({ traceId, spanId, parentId, name, start, end, attributes, status }) => ({
        name,
        resource: name,
        service,
        type: '',
        env,
        host,
        traceId: hexadecimal(traceId),
        spanId: hexadecimal(spanId),
        parentId: parentId.length === 0 ? undefined : hexadecimal(parentId),
        startUnixNano: start,
        durationNanos: end - start,
        error: status?.code === ERROR,
        meta: { ...Object.fromEntries(pairsOf(attributes)), version, 'error.msg': status?.message ?? '' },
        metrics: {},
      }));
  });
}

export function decodeOtlpLogs(body: Uint8Array): Log[] {
  const wire: (WireResource & { scopes: { records: WireLog[] }[] })[] = decode('Logs', body).resources;
  return wire.flatMap(({ resource, scopes }) => {
    const { service, host, tags } = originOf(resource);
    return scopes
      .flatMap(({ records }) => records)
      .map(({ body, severity, attributes, traceId, eventName }) => ({
        message: textOf(body),
        status: severity,
        service,
        host,
        tags,
        attributes: {
          ...Object.fromEntries(pairsOf(attributes)),
          'otel.trace_id': hexadecimal(traceId),
          'otel.event_name': eventName,
        },
      }));
  });
}

/** The body of an answer other than 2xx: a protobuf Status, of which Collectors log the message. */
export function encodeOtlpRefusal(message: string): Uint8Array {
  return schema.lookupType('Refusal').encode({ message }).finish();
}

function decode(typeName: string, body: Uint8Array) {
  const type = schema.lookupType(typeName);
  return type.toObject(type.decode(body), { longs: BigInt, defaults: true });
}

function originOf(resource: WireResource['resource'], config: MetricConfig = {}) {
  const pairs = pairsOf(resource?.attributes ?? []);
  const attributes = new Map(pairs);
  const service = attributes.get('service.name') ?? '';
  const version = attributes.get('service.version') ?? '';
  const env = attributes.get('deployment.environment.name') ?? '';
  const more = config.resource_attributes_as_tags ? pairs.map(([key, value]) => `${key}:${value}`) : [];
  const tags = [`service:${service}`, `version:${version}`, `env:${env}`, ...more];
  return { service, version, env, host: attributes.get('host.name') ?? '', tags };
}

function pairsOf(attributes: WireAttributes): [string, string][] {
  return attributes.map(({ key, value }) => [key, textOf(value)]);
}

function tagsOf(attributes: WireAttributes): string[] {
  return pairsOf(attributes).map(([key, value]) => `${key}:${value}`);
}

function textOf(value: WireValue | null): string {
  return String(value?.text ?? value?.flag ?? value?.integer ?? value?.number ?? '');
}

function seconds(nanos: bigint): number {
  return Number(nanos / 1_000_000_000n);
}

function hexadecimal(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}
