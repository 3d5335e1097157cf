import type { Attributes, HrTime } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import {
  type IExportMetricsServiceResponse,
  type ISerializer,
  ProtobufMetricsSerializer,
} from '@opentelemetry/otlp-transformer';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { findField, ProtobufWriter, varintSize } from './protobuf.ts';

/**
 * OTLP metrics in protobuf, to the byte what the official serializer writes, in a fraction of its time: the attributes of
 * a series, most of a point's bytes and cost, are encoded once and kept for as long as the series lives.
 */
export const metricsSerializer: ISerializer<ResourceMetrics, IExportMetricsServiceResponse> = {
  serializeRequest: (metrics) => new MetricsWriter().write(metrics),
  deserializeResponse: (bytes) => ProtobufMetricsSerializer.deserializeResponse(bytes),
};

const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;

/** The field number of attributes in each kind of point. */
const NUMBER_ATTRIBUTES = 7;
const HISTOGRAM_ATTRIBUTES = 9;
const EXPONENTIAL_ATTRIBUTES = 1;

const temporalities = { [AggregationTemporality.DELTA]: 1, [AggregationTemporality.CUMULATIVE]: 2 } as const;

/** How long the last request was: the next one is about as long. */
let lastLength = 0;

class MetricsWriter {
  readonly #writer = new ProtobufWriter(lastLength * 1.1);
  readonly #times = new Map<HrTime, { readonly low: number; readonly high: number }>();

  write({ resource, scopeMetrics }: ResourceMetrics): Uint8Array {
    const writer = this.#writer;
    const around = officialBytes({ resource, scopeMetrics: [] });
    const { end } = findField(around, 1);
    writer.message(1, 4, () => {
      writer.raw(around.subarray(0, end));
      for (const scope of scopeMetrics) writer.message(2, 4, () => this.#scope(scope));
      writer.raw(around.subarray(end));
    });
    lastLength = writer.length;
    return writer.finish();
  }

  #scope({ scope, metrics }: ScopeMetrics): void {
    const around = findField(
      officialBytes({ resource: emptyResource(), scopeMetrics: [{ scope, metrics: [] }] }),
      2,
    ).content;
    const { end } = findField(around, 1);
    this.#writer.raw(around.subarray(0, end));
    for (const metric of metrics) this.#writer.message(2, 3, () => this.#metric(metric));
    this.#writer.raw(around.subarray(end));
  }

  #metric(metric: MetricData): void {
    const writer = this.#writer;
    const { name, description, unit, valueType } = metric.descriptor;
    writer.string(1, name);
    if (description) writer.string(2, description);
    if (unit) writer.string(3, unit);
    switch (metric.dataPointType) {
      case DataPointType.GAUGE:
        writer.message(5, 3, () => this.#numberPoints(metric.dataPoints, valueType));
        break;
      case DataPointType.SUM:
        writer.message(7, 3, () => {
          this.#numberPoints(metric.dataPoints, valueType);
          this.#temporality(metric);
          if (metric.isMonotonic) this.#flag(3);
        });
        break;
      case DataPointType.HISTOGRAM:
        writer.message(9, 3, () => {
          for (const point of metric.dataPoints) writer.message(1, 2, () => this.#histogramPoint(point));
          this.#temporality(metric);
        });
        break;
      case DataPointType.EXPONENTIAL_HISTOGRAM:
        writer.message(10, 3, () => {
          for (const point of metric.dataPoints) writer.message(1, 2, () => this.#exponentialPoint(point));
          this.#temporality(metric);
        });
    }
  }

  #temporality({ aggregationTemporality }: MetricData): void {
    this.#writer.tag(2, 0);
    this.#writer.varint(temporalities[aggregationTemporality]);
  }

  #flag(field: number): void {
    this.#writer.tag(field, 0);
    this.#writer.varint(1);
  }

  #numberPoints(points: readonly DataPoint<number>[], valueType: ValueType): void {
    const writer = this.#writer;
    for (const { attributes, startTime, endTime, value } of points) {
      const encoded = encodeAttributes(attributes, NUMBER_ATTRIBUTES);
      writer.tag(1, WIRE_BYTES);
      // Three fields of eight bytes, each with its tag.
      writer.varint(27 + encoded.length);
      this.#time(2, startTime);
      this.#time(3, endTime);
      if (valueType === ValueType.INT) {
        writer.tag(6, WIRE_FIXED64);
        writer.sfixed64(value);
      } else {
        this.#double(4, value);
      }
      writer.raw(encoded);
    }
  }

  #histogramPoint({ attributes, startTime, endTime, value }: DataPoint<Histogram>): void {
    const writer = this.#writer;
    const { boundaries, counts } = value.buckets;
    this.#time(2, startTime);
    this.#time(3, endTime);
    this.#count(4, value.count);
    if (value.sum !== undefined) this.#double(5, value.sum);
    if (counts.length > 0) {
      writer.tag(6, WIRE_BYTES);
      writer.varint(counts.length * 8);
      for (const count of counts) writer.fixed64(count);
    }
    if (boundaries.length > 0) {
      writer.tag(7, WIRE_BYTES);
      writer.varint(boundaries.length * 8);
      for (const bound of boundaries) writer.double(bound);
    }
    writer.raw(encodeAttributes(attributes, HISTOGRAM_ATTRIBUTES));
    if (value.min !== undefined) this.#double(11, value.min);
    if (value.max !== undefined) this.#double(12, value.max);
  }

  #exponentialPoint({ attributes, startTime, endTime, value }: DataPoint<ExponentialHistogram>): void {
    const writer = this.#writer;
    writer.raw(encodeAttributes(attributes, EXPONENTIAL_ATTRIBUTES));
    this.#time(2, startTime);
    this.#time(3, endTime);
    this.#count(4, value.count);
    if (value.sum !== undefined) this.#double(5, value.sum);
    if (value.scale !== 0) {
      writer.tag(6, 0);
      writer.sint32(value.scale);
    }
    this.#count(7, value.zeroCount);
    this.#buckets(8, value.positive);
    this.#buckets(9, value.negative);
    if (value.min !== undefined) this.#double(12, value.min);
    if (value.max !== undefined) this.#double(13, value.max);
  }

  #buckets(field: number, { offset, bucketCounts }: ExponentialHistogram['positive']): void {
    const writer = this.#writer;
    writer.message(field, bucketCounts.length > 100 ? 2 : 1, () => {
      if (offset !== 0) {
        writer.tag(1, 0);
        writer.sint32(offset);
      }
      if (bucketCounts.length === 0) return;
      let size = 0;
      for (const count of bucketCounts) size += varintSize(count);
      writer.tag(2, WIRE_BYTES);
      writer.varint(size);
      for (const count of bucketCounts) writer.varint(count);
    });
  }

  #time(field: number, time: HrTime): void {
    // Points of one collection share their times, and a conversion to 64 bits costs more than all the rest of a point.
    let encoded = this.#times.get(time);
    if (encoded === undefined) {
      const nanos = BigInt(time[0]) * 1_000_000_000n + BigInt(Math.trunc(time[1]));
      encoded = { low: Number(nanos & 0xffff_ffffn), high: Number(nanos >> 32n) };
      this.#times.set(time, encoded);
    }
    this.#writer.tag(field, WIRE_FIXED64);
    this.#writer.halves(encoded.low, encoded.high);
  }

  #double(field: number, value: number): void {
    this.#writer.tag(field, WIRE_FIXED64);
    this.#writer.double(value);
  }

  #count(field: number, value: number): void {
    this.#writer.tag(field, WIRE_FIXED64);
    this.#writer.fixed64(value);
  }
}

const encodedByField = new Map<number, WeakMap<Attributes, Uint8Array>>();

/** A point's attributes as a field of it. Those that can no longer change are encoded once. */
function encodeAttributes(attributes: Attributes, field: number): Uint8Array {
  if (!Object.isFrozen(attributes)) return encodeAnew(attributes, field);
  let known = encodedByField.get(field);
  if (known === undefined) {
    known = new WeakMap();
    encodedByField.set(field, known);
  }
  let encoded = known.get(attributes);
  if (encoded === undefined) {
    encoded = encodeAnew(attributes, field);
    known.set(attributes, encoded);
  }
  return encoded;
}

/** Lets the official serializer encode a point with these attributes, and takes them out of it. */
function encodeAnew(attributes: Attributes, field: number): Uint8Array {
  const request = officialBytes({
    resource: emptyResource(),
    scopeMetrics: [
      {
        scope: { name: '' },
        metrics: [
          {
            descriptor: { name: '', description: '', unit: '', valueType: ValueType.DOUBLE },
            aggregationTemporality: AggregationTemporality.DELTA,
            dataPointType: DataPointType.GAUGE,
            dataPoints: [{ attributes, startTime: [0, 0], endTime: [0, 0], value: 0 }],
          },
        ],
      },
    ],
  });
  // Scope metrics, metrics, gauge, data point, and there what follows two times and a value.
  const point = [2, 2, 5, 1].reduce((message, inner) => findField(message, inner).content, request);
  return retagged(point.slice(27), field);
}

/** Gives each attribute another field number. */
function retagged(encoded: Uint8Array, field: number): Uint8Array {
  for (let at = 0; at < encoded.length; ) {
    const { end } = findField(encoded.subarray(at), NUMBER_ATTRIBUTES);
    encoded[at] = (field << 3) | WIRE_BYTES;
    at += end;
  }
  return encoded;
}

/** What the official serializer puts into the one ResourceMetrics of a request. */
function officialBytes(metrics: ResourceMetrics): Uint8Array {
  return findField(ProtobufMetricsSerializer.serializeRequest(metrics) ?? new Uint8Array(), 1).content;
}
