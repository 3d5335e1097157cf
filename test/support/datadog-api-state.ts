import type { v1, v2 } from '@datadog/datadog-api-client';
import { Refusal } from './datadog-checks.ts';

export type MetricType = 'gauge' | 'count' | 'rate' | 'distribution';

/** What an account has. */
export interface State {
  readonly events: v1.EventCreateRequest[];
  readonly checks: v1.ServiceCheck[];
  readonly dashboards: Map<string, v1.Dashboard>;
  readonly monitors: Map<number, v1.Monitor>;
  /** Those that have had points. */
  readonly metrics: Map<string, MetricType>;
  readonly metadata: Map<string, v1.MetricMetadata>;
  readonly tagConfigurations: Map<string, v2.MetricTagConfigurationAttributes>;
}

interface Asked {
  /** What the path's group holds. */
  readonly parameter: string;
  readonly query: URLSearchParams;
  /** Parsed JSON. */
  readonly body: unknown;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: RegExp;
  /** What the application key needs; without it the API key is enough. */
  readonly permission?: string;
  /** 200 where nothing is said. */
  readonly status?: number;
  readonly respond: (asked: Asked) => unknown;
}

/** @throws Refusal where there is none. */
export function there<Value>(value: Value | undefined, message: string): Value {
  if (value === undefined) throw new Refusal(404, message);
  return value;
}
