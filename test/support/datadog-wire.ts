import protobuf from 'protobufjs';
import { asList, asNumber, asRecord, asString } from './shape.ts';

export interface Series {
  readonly metric: string;
  readonly type: 'unspecified' | 'count' | 'rate' | 'gauge';
  readonly host: string;
  readonly tags: readonly string[];
  readonly unit: string;
  readonly intervalSeconds: number;
  readonly points: readonly SeriesPoint[];
}

export interface SeriesPoint {
  readonly value: number;
  readonly timestampSeconds: number;
}

export interface Sketch {
  readonly metric: string;
  readonly host: string;
  readonly tags: readonly string[];
  readonly points: readonly SketchPoint[];
}

export interface SketchPoint {
  readonly timestampSeconds: number;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly average: number;
  readonly sum: number;
  readonly bins: readonly SketchBin[];
}

export interface SketchBin {
  readonly key: number;
  readonly count: number;
}

export interface Span {
  readonly name: string;
  readonly resource: string;
  readonly service: string;
  readonly type: string;
  readonly env: string;
  readonly host: string;
  /** 32 hexadecimal digits, as in OpenTelemetry. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** 16 hexadecimal digits; undefined for a root. */
  readonly parentId: string | undefined;
  readonly startUnixNano: bigint;
  readonly durationNanos: bigint;
  readonly error: boolean;
  readonly meta: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface Log {
  readonly message: string;
  readonly status: string;
  readonly service: string;
  readonly host: string;
  readonly tags: readonly string[];
  /** What else the log carries, by its name at Datadog. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

const seriesTypes: readonly Series['type'][] = ['unspecified', 'count', 'rate', 'gauge'];

const schema = protobuf.parse(`
  syntax = "proto3";

  message MetricPayload { repeated MetricSeries series = 1; }
  message MetricSeries {
    enum Type { unspecified = 0; count = 1; rate = 2; gauge = 3; }
    message Resource { string type = 1; string name = 2; }
    message Point { double value = 1; int64 timestamp = 2; }
    repeated Resource resources = 1;
    string metric = 2;
    repeated string tags = 3;
    repeated Point points = 4;
    Type type = 5;
    string unit = 6;
    int64 interval = 8;
  }

  message SketchPayload { repeated Sketch sketches = 1; }
  message Sketch {
    message Dogsketch {
      int64 ts = 1;
      int64 cnt = 2;
      double min = 3;
      double max = 4;
      double avg = 5;
      double sum = 6;
      repeated sint32 k = 7;
      repeated uint32 n = 8;
    }
    string metric = 1;
    string host = 2;
    repeated string tags = 4;
    repeated Dogsketch dogsketches = 7;
  }

  message AgentPayload {
    string hostName = 1;
    string env = 2;
    repeated TracerPayload tracerPayloads = 5;
  }
  message TracerPayload {
    repeated TraceChunk chunks = 6;
    string env = 8;
    string hostname = 9;
  }
  message TraceChunk { repeated Span spans = 3; }
  message Span {
    string service = 1;
    string name = 2;
    string resource = 3;
    uint64 traceID = 4;
    uint64 spanID = 5;
    uint64 parentID = 6;
    int64 start = 7;
    int64 duration = 8;
    int32 error = 9;
    map<string, string> meta = 10;
    map<string, double> metrics = 11;
    string type = 12;
  }
`).root;

interface WireSeries {
  resources: { type: string; name: string }[];
  metric: string;
  tags: string[];
  points: { value: number; timestamp: bigint }[];
  type: Series['type'];
  unit: string;
  interval: bigint;
}

interface WireSketch {
  metric: string;
  host: string;
  tags: string[];
  dogsketches: {
    ts: bigint;
    cnt: bigint;
    min: number;
    max: number;
    avg: number;
    sum: number;
    k: number[];
    n: number[];
  }[];
}

interface WireTracerPayload {
  env: string;
  hostname: string;
  chunks: {
    spans: {
      service: string;
      name: string;
      resource: string;
      traceID: bigint;
      spanID: bigint;
      parentID: bigint;
      start: bigint;
      duration: bigint;
      error: number;
      meta: Record<string, string>;
      metrics: Record<string, number>;
      type: string;
    }[];
  }[];
}

export function decodeSeries(body: Uint8Array): Series[] {
  const wire: WireSeries[] = decode('MetricPayload', body).series;
  return wire.map(({ resources, metric, type, tags, unit, interval, points }) => ({
    metric,
    type,
    host: resources.find((resource) => resource.type === 'host')?.name ?? '',
    tags,
    unit,
    intervalSeconds: Number(interval),
    points: points.map(({ value, timestamp }) => ({ value, timestampSeconds: Number(timestamp) })),
  }));
}

/** The exporter's own usage metrics come as JSON. */
export function decodeJsonSeries(body: Uint8Array): Series[] {
  return asList(asRecord(parseJson(body), 'the payload').series, 'series').map((item) => {
    const { metric, type, resources, tags, points, unit, interval } = asRecord(item, 'a series');
    const resourceList = asList(resources ?? [], 'resources').map((resource) => asRecord(resource, 'a resource'));
    return {
      metric: asString(metric, 'metric'),
      type: seriesTypes[asNumber(type ?? 0, 'type')] ?? 'unspecified',
      host: asString(resourceList.find((resource) => resource.type === 'host')?.name ?? '', 'host'),
      tags: asList(tags ?? [], 'tags').map((tag) => asString(tag, 'a tag')),
      unit: asString(unit ?? '', 'unit'),
      intervalSeconds: asNumber(interval ?? 0, 'interval'),
      points: asList(points, 'points').map((point) => {
        const { value, timestamp } = asRecord(point, 'a point');
        return { value: asNumber(value, 'value'), timestampSeconds: asNumber(timestamp, 'timestamp') };
      }),
    };
  });
}

export function decodeSketches(body: Uint8Array): Sketch[] {
  const wire: WireSketch[] = decode('SketchPayload', body).sketches;
  return wire.map(({ metric, host, tags, dogsketches }) => ({
    metric,
    host,
    tags,
    points: dogsketches.map(({ ts, cnt, min, max, avg, sum, k, n }) => ({
      timestampSeconds: Number(ts),
      count: Number(cnt),
      min,
      max,
      average: avg,
      sum,
      bins: k.map((key, index) => ({ key, count: n[index] ?? 0 })),
    })),
  }));
}

export function decodeSpans(body: Uint8Array): Span[] {
  const payloads: WireTracerPayload[] = decode('AgentPayload', body).tracerPayloads;
  return payloads.flatMap(({ env, hostname, chunks }) =>
    chunks
      .flatMap(({ spans }) => spans)
      .map(({ traceID, spanID, parentID, start, duration, error, ...span }) => ({
        ...span,
        env,
        host: hostname,
        // Datadog's own field has room for the lower half alone.
        traceId: span.meta['otel.trace_id'] ?? hexadecimal(traceID).padStart(32, '0'),
        spanId: hexadecimal(spanID),
        parentId: parentID === 0n ? undefined : hexadecimal(parentID),
        startUnixNano: start,
        durationNanos: duration,
        error: error !== 0,
      })),
  );
}

export function decodeLogs(body: Uint8Array): Log[] {
  const payload = parseJson(body);
  // The exporter asks with an empty object whether the intake can be reached.
  if (!Array.isArray(payload) && Object.keys(asRecord(payload, 'the logs')).length === 0) return [];
  return asList(payload, 'the logs').map((item) => {
    const log = asRecord(item, 'a log');
    // The exporter packs the whole record into the message, as JSON.
    const { message, ...attributes } = asRecord(JSON.parse(asString(log.message, 'message')), 'message');
    return {
      message: asString(message ?? '', 'message.message'),
      status: asString(log.status, 'status'),
      service: asString(log.service, 'service'),
      host: asString(log.hostname, 'hostname'),
      tags: asString(log.ddtags, 'ddtags').split(','),
      attributes,
    };
  });
}

function decode(typeName: string, body: Uint8Array) {
  const type = schema.lookupType(typeName);
  return type.toObject(type.decode(body), { longs: BigInt, enums: String, defaults: true });
}

function parseJson(body: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(body));
}

function hexadecimal(id: bigint): string {
  return id.toString(16).padStart(16, '0');
}
