import { fileURLToPath } from 'node:url';
import { type NodeResult, type RunningProcess, startProcess } from './child.ts';
import type { OtlpRequest } from './otlp-server.ts';
import { decodeOtlpMetrics } from './otlp-wire.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The oldest Node that the package runs on. */
export const node22 = fileURLToPath(new URL('../../node_modules/node-22/bin/node', import.meta.url));

const app = fileURLToPath(new URL('../delivery/apps/train.mjs', import.meta.url));

export interface DriverOptions {
  readonly url: string;
  readonly spoolFolder?: string;
  readonly steps?: number;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  /** Shell commands that come before Node, in a mount namespace of its own. */
  readonly mount?: string;
}

function settingsOf({ url, spoolFolder, env }: DriverOptions) {
  return {
    cwd: root,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      ...(spoolFolder !== undefined && { SIGNAL_SPOOL_DIR: spoolFolder }),
      ...env,
    },
  };
}

/** A process that trains, under the package. */
export function startDriver(options: DriverOptions): Promise<RunningProcess> {
  const { steps = 10_000, run = 'run', node = process.execPath, mount } = options;
  const command = [node, '--require', 'signal-otel/register', app, String(steps), run];
  if (mount === undefined) return startProcess(node, command.slice(1), settingsOf(options));
  // Where this is not possible the test fails: `unshare` says why.
  const script = ['--mount', '--map-root-user', 'sh', '-c', `${mount} && exec "$@"`, 'mounted'];
  return startProcess('unshare', [...script, ...command], settingsOf(options));
}

/** A process under the package that records nothing. */
export async function runIdle(options: DriverOptions): Promise<NodeResult> {
  const { node = process.execPath } = options;
  await using child = await startProcess(
    node,
    ['--require', 'signal-otel/register', '--eval', '0'],
    settingsOf(options),
  );
  const exit = await child.exited;
  return { ...exit, stdout: child.stdout(), stderr: child.stderr() };
}

export interface Said {
  readonly step: number;
  readonly millis: number;
}

/** The steps that a driver has said. */
export function stepsOf(child: RunningProcess): Said[] {
  return [...child.stdout().matchAll(/^step (\d+) at (\d+)$/gm)].map(([, step, millis]) => ({
    step: Number(step),
    millis: Number(millis),
  }));
}

export interface Received {
  /** Of the counter, in all. */
  readonly count: number;
  /** Of the histogram. */
  readonly records: number;
  /** The values of the gauge, in the order of their arrival. */
  readonly steps: readonly number[];
  /** Their times, in whole seconds. */
  readonly seconds: readonly number[];
}

/** What has arrived of a driver. */
export function receivedOf(requests: readonly OtlpRequest[], run = 'run'): Received {
  let count = 0;
  let records = 0;
  const steps: number[] = [];
  const seconds: number[] = [];
  for (const { path, body } of requests) {
    if (path !== '/v1/metrics') continue;
    const { series, sketches } = decodeOtlpMetrics(body);
    for (const { metric, points } of series.filter(({ tags }) => tags.includes(`run:${run}`))) {
      if (metric === 'signal.drive.count') count += points.reduce((sum, { value }) => sum + value, 0);
      if (metric !== 'signal.drive.step') continue;
      steps.push(...points.map(({ value }) => value));
      seconds.push(...points.map(({ timestampSeconds }) => timestampSeconds));
    }
    for (const { points } of sketches.filter(({ tags }) => tags.includes(`run:${run}`))) {
      records += points.reduce((sum, point) => sum + point.count, 0);
    }
  }
  return { count, records, steps, seconds };
}
