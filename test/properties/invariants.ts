import { DataPointType } from '@opentelemetry/sdk-metrics';
import { expect } from 'vitest';
import type { CapturedLog } from '../support/log.ts';
import type { TestMetrics } from '../support/telemetry.ts';

/** What OpenTelemetry and Datadog both take as it is. */
const NAME = /^[a-z][a-z0-9_.]{0,199}$/i;
const KEY = /^[\w./-]{1,100}$/;
/** More than any message needs. */
const MAX_MESSAGE_LENGTH = 1_000;
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\p{Cs}]/u;

/** Reads everything that a meter has, and holds it to what every backend can take. @returns the number of points. */
export async function expectSound(metrics: TestMetrics): Promise<number> {
  let points = 0;
  for (const [name, metric] of await metrics.collect()) {
    expect(name).toMatch(NAME);
    for (const { value, attributes } of metric.dataPoints) {
      points += 1;
      const numbers = typeof value === 'number' ? [value] : [value.count, value.sum, value.min, value.max];
      expect([name, numbers.filter((number) => number !== undefined && !Number.isFinite(number))]).toEqual([name, []]);
      expect(Object.keys(attributes).length).toBeLessThanOrEqual(55);
      for (const [key, attribute] of Object.entries(attributes)) {
        if (!KEY.test(key) || !isSoundAttribute(attribute)) expect.fail(`${name}: ${key} is ${String(attribute)}`);
      }
    }
    if (metric.dataPointType === DataPointType.SUM && metric.isMonotonic) {
      for (const { value } of metric.dataPoints) expect(value).toBeGreaterThanOrEqual(0);
    }
  }
  return points;
}

function isSoundAttribute(value: unknown): boolean {
  return typeof value === 'boolean' || (typeof value === 'string' && value.length <= 200 && !UNPRINTABLE.test(value));
}

/** A bounded number of bounded lines. */
export function expectQuiet(log: CapturedLog): void {
  // An SDK says something of its own of each counter that is counted down.
  expect(log.warnings.length).toBeLessThanOrEqual(3_000);
  // Alarms of a run's health are limited by their pause.
  const isAlarm = (message: string) => / (Critical|Warning): /.test(message);
  const own = log.warnings.filter((message) => message.startsWith('signal-otel ') && !isAlarm(message));
  expect(own.length).toBeLessThanOrEqual(1_000);
  for (const message of own) {
    expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_LENGTH + 20);
    expect(message).not.toMatch(UNPRINTABLE);
  }
}

/** Looks like `value`, and tells of every attempt to change it or what is in it. */
export function watched(value: unknown, onChange: () => void): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  const refuse = (): boolean => {
    onChange();
    return false;
  };
  return new Proxy(value, {
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
    get(target, key) {
      const found: unknown = Reflect.get(target, key);
      const own = Reflect.getOwnPropertyDescriptor(target, key);
      return own?.configurable === false ? found : watched(found, onChange);
    },
  });
}
