import { setTimeout as sleep } from 'node:timers/promises';
import type { DatadogIntake } from './datadog-intake.ts';

/** One lane each: what is sent in a lane carries the numbers 1, 2, 3, ... */
export const lanes = ['counts', 'gauges', 'spans', 'logs'] as const;
export type Lane = (typeof lanes)[number];

const firstMillis = Date.now() - 120_000;
const resource = {
  attributes: [
    { key: 'host.name', value: { stringValue: 'box' } },
    { key: 'service.instance.id', value: { stringValue: 'process-1' } },
  ],
};

/** Sends the item as a sender that keeps a request does: again and again, until it is answered 2xx. */
export async function deliver(endpoint: string, lane: Lane, number: number): Promise<void> {
  const [path, body] = requestOf(lane, number);
  for (;;) {
    const status = await post(endpoint + path, body);
    if (status >= 200 && status < 300) return;
    if (status < 500 && status !== NO_ANSWER) throw new Error(`${lane} ${number} was answered ${status}.`);
    await sleep(20);
  }
}

/** Sends it once, and resolves with the status. */
export function send(endpoint: string, lane: Lane, number: number): Promise<number> {
  const [path, body] = requestOf(lane, number);
  return post(endpoint + path, body);
}

/** Sends these of every lane, once, to a Collector that takes whatever comes. */
export async function sendAll(endpoint: string, from: number, to: number): Promise<void> {
  for (const number of upTo(to).slice(from - 1)) {
    for (const lane of lanes) {
      const status = await send(endpoint, lane, number);
      if (status !== 200) throw new Error(`${lane} ${number} was answered ${status}.`);
    }
  }
}

/** What is at the intake of every lane, sorted: a number that came twice is there twice. */
export function sortedArrivals(intake: DatadogIntake): Record<Lane, number[]> {
  return ofEveryLane((lane) => arrived(intake, lane).toSorted((a, b) => a - b));
}

export function ofEveryLane<T>(make: (lane: Lane) => T): Record<Lane, T> {
  return { counts: make('counts'), gauges: make('gauges'), spans: make('spans'), logs: make('logs') };
}

/** The numbers of a lane at the intake, in the order of their arrival. */
export function arrived(intake: DatadogIntake, lane: Lane): number[] {
  switch (lane) {
    case 'counts':
    case 'gauges':
      return intake.series
        .filter(({ metric }) => metric === lane)
        .flatMap(({ type, points }) =>
          points.map(({ value, timestampSeconds }) =>
            // The number again, as the second it was sent with: a value must have kept its time.
            type === kindOf[lane] && timestampSeconds === secondOf(value) ? value : Number.NaN,
          ),
        );
    case 'spans':
      return intake.spans.map(({ spanId }) => Number.parseInt(spanId, 16));
    case 'logs':
      return intake.logs.map(({ message }) => Number(message));
  }
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

const NO_ANSWER = 0;
const kindOf = { counts: 'count', gauges: 'gauge' } as const;

async function post(url: string, body: unknown): Promise<number> {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    // Refused, or reset: nobody is there, or whoever was there has been killed.
    return NO_ANSWER;
  }
}

function requestOf(lane: Lane, number: number): [path: string, body: unknown] {
  const timeUnixNano = `${secondOf(number)}000000000`;
  switch (lane) {
    case 'counts':
    case 'gauges': {
      const dataPoints = [{ startTimeUnixNano: timeUnixNano, timeUnixNano, asDouble: number }];
      const metric =
        lane === 'gauges'
          ? { name: lane, gauge: { dataPoints } }
          : { name: lane, sum: { isMonotonic: true, aggregationTemporality: 1, dataPoints } };
      return ['/v1/metrics', { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] }];
    }
    case 'spans': {
      const span = {
        traceId: hexadecimal(number, 32),
        spanId: hexadecimal(number, 16),
        name: 'step',
        kind: 1,
        startTimeUnixNano: timeUnixNano,
        endTimeUnixNano: timeUnixNano,
      };
      return ['/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }];
    }
    case 'logs': {
      const record = { timeUnixNano, severityText: 'INFO', body: { stringValue: String(number) } };
      return ['/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] }];
    }
  }
}

function secondOf(number: number): number {
  return Math.floor(firstMillis / 1_000) + number;
}

function hexadecimal(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
