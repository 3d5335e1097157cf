/** A data point of an OTLP metrics request: as much of it as it takes to say what has arrived. */
export interface Point {
  readonly metric: string;
  /** The attribute `run_id`; empty where there is none. */
  readonly runId: string;
  readonly millis: number;
  /** Of a gauge or a sum; of a histogram, how many values are in it. */
  readonly value: number;
}

/** A span of an OTLP request. */
export interface SpanId {
  /** The attribute `run_id`; empty where there is none. */
  readonly runId: string;
  /** Of trace and span, in hexadecimal. */
  readonly id: string;
}

/** Where the attributes of a point and its value are, by the kind of metric (opentelemetry-proto, metrics.proto). */
const kinds: Readonly<Record<number, { readonly attributes: number }>> = {
  5: { attributes: 7 }, // gauge
  7: { attributes: 7 }, // sum
  9: { attributes: 9 }, // histogram
  10: { attributes: 1 }, // exponential histogram
};
const TIME = 3;
/** A double, or a histogram's count. */
const VALUE_OR_COUNT = 4;
const INTEGER_VALUE = 6;

/**
 * Decodes the protobuf of an OTLP metrics request. Written for the benchmarks alone: what judges the package's delivery
 * must not share code with it.
 */
export function decodeMetrics(body: Buffer): Point[] {
  const points: Point[] = [];
  for (const resourceMetrics of messages(body, 1)) {
    for (const scopeMetrics of messages(resourceMetrics, 2)) {
      for (const metric of messages(scopeMetrics, 2)) decodeMetric(metric, points);
    }
  }
  return points;
}

/** The same for spans (trace.proto). */
export function decodeSpans(body: Buffer): SpanId[] {
  const spans: SpanId[] = [];
  for (const resourceSpans of messages(body, 1)) {
    for (const scopeSpans of messages(resourceSpans, 2)) {
      for (const span of messages(scopeSpans, 2)) spans.push(decodeSpan(span));
    }
  }
  return spans;
}

function decodeSpan(message: Buffer): SpanId {
  let [runId, id] = ['', ''];
  for (const { number, content } of fields(message)) {
    if (number === 1 || number === 2) id += content.toString('hex');
    else if (number === 9) runId = runIdOf(content) ?? runId;
  }
  return { runId, id };
}

function decodeMetric(message: Buffer, points: Point[]): void {
  // Whichever comes first: the fields of a message are in no order.
  const metric = [...messages(message, 1)][0]?.toString() ?? '';
  for (const { number, content } of fields(message)) {
    const kind = kinds[number];
    if (kind === undefined) continue;
    const isHistogram = number > 7;
    for (const point of messages(content, 1)) points.push(decodePoint(metric, point, kind.attributes, isHistogram));
  }
}

function decodePoint(metric: string, message: Buffer, attributes: number, isHistogram: boolean): Point {
  let [runId, millis, value] = ['', 0, 0];
  for (const { number, content } of fields(message)) {
    if (number === attributes) runId = runIdOf(content) ?? runId;
    else if (number === TIME) millis = Number(content.readBigUInt64LE()) / 1e6;
    else if (number === VALUE_OR_COUNT)
      value = isHistogram ? Number(content.readBigUInt64LE()) : content.readDoubleLE();
    else if (number === INTEGER_VALUE && !isHistogram) value = Number(content.readBigInt64LE());
  }
  return { metric, runId, millis, value };
}

function runIdOf(attribute: Buffer): string | undefined {
  const [key] = messages(attribute, 1);
  if (key?.toString() !== 'run_id') return undefined;
  const [value] = messages(attribute, 2);
  return value && [...messages(value, 1)][0]?.toString();
}

function* messages(message: Buffer, wanted: number): Generator<Buffer> {
  for (const { number, content } of fields(message)) if (number === wanted) yield content;
}

interface Field {
  readonly number: number;
  /** Empty for a varint: none is needed here. */
  readonly content: Buffer;
}

/** The fields of one message. @throws RangeError where it is none. */
function* fields(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const length = lengthOf(tag % 8, varint);
    if (at + length > message.length) throw new RangeError('A field goes beyond its message');
    yield { number: Math.floor(tag / 8), content: message.subarray(at, at + length) };
    at += length;
  }
}

function lengthOf(wireType: number, varint: () => number): number {
  switch (wireType) {
    case 0:
      varint();
      return 0;
    case 1:
      return 8;
    case 2:
      return varint();
    case 5:
      return 4;
    default:
      throw new RangeError(`There is no wire type ${wireType}`);
  }
}
