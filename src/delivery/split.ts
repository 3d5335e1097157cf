import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { fieldsOf, ProtobufWriter } from './protobuf.ts';
import { type DeliveryRequest, isSignal, type SignalKind } from './request.ts';

/** By which fields one comes to the points of a request: at each level one of several. */
type Path<Key> = readonly (readonly Key[])[];

/** Decides of one point after the other, in their order. */
type Choice = () => boolean;

const protobufPaths: Readonly<Record<SignalKind, Path<number>>> = {
  // Resource, scope, metric, its kind, point.
  metrics: [[1], [2], [2], [5, 7, 9, 10, 11], [1]],
  traces: [[1], [2], [2]],
  logs: [[1], [2], [2]],
};

const jsonPaths: Readonly<Record<SignalKind, Path<string>>> = {
  metrics: [
    ['resourceMetrics'],
    ['scopeMetrics'],
    ['metrics'],
    ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'],
    ['dataPoints'],
  ],
  traces: [['resourceSpans'], ['scopeSpans'], ['spans']],
  logs: [['resourceLogs'], ['scopeLogs'], ['logRecords']],
};

/**
 * So many requests, each with its share of the points in their order; fewer where there are not so many points,
 * `undefined` where there is but one, or nothing of OTLP.
 */
export async function split(request: DeliveryRequest, parts: number): Promise<readonly DeliveryRequest[] | undefined> {
  if (!isSignal(request.signal)) return undefined;
  const pick = await picker(request, request.signal);
  let points = 0;
  pick(() => {
    points += 1;
    return false;
  });
  if (points < 2) return undefined;
  const part = async (from: number, to: number): Promise<DeliveryRequest> => {
    let index = -1;
    const body = pick(() => {
      index += 1;
      return index >= from && index < to;
    });
    return {
      ...request,
      body: request.encoding === 'gzip' ? await promisify(gzip)(body) : body,
      points: to - from,
    };
  };
  const size = Math.ceil(points / Math.min(parts, points));
  const all: DeliveryRequest[] = [];
  for (let from = 0; from < points; from += size) all.push(await part(from, Math.min(points, from + size)));
  return all;
}

/** Makes copies of a request with a choice of its points. */
async function picker(
  { contentType, encoding, body }: DeliveryRequest,
  signal: SignalKind,
): Promise<(choice: Choice) => Uint8Array> {
  const plain = encoding === 'gzip' ? await promisify(gunzip)(body) : body;
  if (contentType === 'application/json') {
    const message: unknown = JSON.parse(new TextDecoder().decode(plain));
    return (choice) => new TextEncoder().encode(JSON.stringify(pickJson(message, jsonPaths[signal], choice) ?? {}));
  }
  return (choice) => pickProtobuf(plain, protobufPaths[signal], choice) ?? new Uint8Array();
}

/** `undefined` where no point below is chosen. */
function pickProtobuf(message: Uint8Array, path: Path<number>, choice: Choice): Uint8Array | undefined {
  const [level, ...below] = path;
  if (level === undefined) return choice() ? message : undefined;
  const writer = new ProtobufWriter(message.length);
  let isChosen = false;
  for (const { number, content, whole } of fieldsOf(message)) {
    if (!level.includes(number)) {
      writer.raw(whole);
      continue;
    }
    const picked = pickProtobuf(content, below, choice);
    if (picked === undefined) continue;
    writer.bytes(number, picked);
    isChosen = true;
  }
  return isChosen ? writer.finish() : undefined;
}

/** `undefined` where no point below is chosen. */
function pickJson(message: unknown, path: Path<string>, choice: Choice): unknown {
  if (Array.isArray(message)) {
    const picked = message.flatMap((one) => pickJson(one, path, choice) ?? []);
    return picked.length > 0 ? picked : undefined;
  }
  const [level, ...below] = path;
  if (level === undefined) return choice() ? message : undefined;
  if (typeof message !== 'object' || message === null) return undefined;
  let isChosen = false;
  const entries = Object.entries(message).flatMap(([key, value]) => {
    if (!level.includes(key)) return [[key, value]];
    const picked = pickJson(value, below, choice);
    isChosen ||= picked !== undefined;
    return picked === undefined ? [] : [[key, picked]];
  });
  return isChosen ? Object.fromEntries(entries) : undefined;
}
