import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** An executable of another project that the tests run. */
export interface Binary {
  readonly title: string;
  /** The environment variable that names it and goes before everything else. */
  readonly variable: string;
  readonly namesOnPath: readonly string[];
  readonly nameInCache: string;
  /** Whether one met on the PATH will do. */
  readonly fits: (path: string) => boolean;
  /** How to get it, after "Get it with:". */
  readonly remedy: string;
}

/** What is built from source lands here. */
export const cacheFolder = join(homedir(), '.cache', 'signal-otel', 'bin');

export const collectorBinary: Binary = {
  title: 'OpenTelemetry Collector with the Datadog exporter',
  variable: 'OTELCOL',
  namesOnPath: ['otelcol-contrib', 'otelcol'],
  nameInCache: 'otelcol-signal',
  // The core distribution is called otelcol too, and has no Datadog exporter.
  fits: (path) => /name: datadog$/m.test(outputOf(path, 'components')),
  remedy:
    'Go >= 1.25 and `npm run collector:install`, or a release of otelcol-contrib >= 0.155 on the PATH or in OTELCOL',
};

export const kafkaCollectorBinary: Binary = {
  title: 'OpenTelemetry Collector with Kafka',
  variable: 'OTELCOL_KAFKA',
  namesOnPath: ['otelcol-contrib', 'otelcol'],
  nameInCache: 'otelcol-signal-kafka',
  fits: (path) => /name: kafka$/m.test(outputOf(path, 'components')),
  remedy: 'Go >= 1.26 (`npm test` builds it), or a release of otelcol-contrib >= 0.155 on the PATH or in OTELCOL_KAFKA',
};

export const kafkaBrokerBinary: Binary = {
  title: 'Kafka broker',
  variable: 'KAFKA_BROKER',
  namesOnPath: [],
  nameInCache: 'kafka-broker',
  fits: () => true,
  remedy: 'Go >= 1.26 (`npm test` builds it)',
};

export const prometheusBinary: Binary = {
  title: 'Prometheus >= 3.0',
  variable: 'PROMETHEUS',
  namesOnPath: ['prometheus'],
  nameInCache: 'prometheus',
  fits: isPrometheus3,
  remedy: 'Go >= 1.25 (`npm test` builds it), or a release of Prometheus >= 3.0 on the PATH or in PROMETHEUS',
};

export const promtoolBinary: Binary = {
  title: 'promtool >= 3.0',
  variable: 'PROMTOOL',
  namesOnPath: ['promtool'],
  nameInCache: 'promtool',
  fits: isPrometheus3,
  remedy: 'Go >= 1.25 (`npm test` builds it), or a release of Prometheus >= 3.0 on the PATH, or promtool in PROMTOOL',
};

export const chromiumBinary: Binary = {
  title: 'Chromium',
  variable: 'CHROMIUM',
  namesOnPath: ['chromium', 'chromium-browser', 'google-chrome'],
  nameInCache: 'chromium',
  fits: () => true,
  remedy: "the package `chromium` of Debian or Ubuntu (`apt-get install chromium`), or Chrome's path in CHROMIUM",
};

/** Its path: from its variable, else the PATH, else the cache; undefined where it is nowhere. */
export function findBinary(binary: Binary): string | undefined {
  const named = process.env[binary.variable];
  if (named !== undefined && named !== '') {
    if (!isExecutable(named)) throw new Error(`${binary.variable} names ${named}, which is not an executable file.`);
    return named;
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = binary.namesOnPath.flatMap((name) => folders.map((folder) => join(folder, name)));
  const cached = join(cacheFolder, binary.nameInCache);
  return onPath.find((path) => isExecutable(path) && binary.fits(path)) ?? (isExecutable(cached) ? cached : undefined);
}

export function requireBinary(binary: Binary): string {
  const path = findBinary(binary);
  if (path === undefined) throw new Error(`There is no ${binary.title} here. Get it with: ${binary.remedy}.`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// Older ones have no OTLP receiver. One built by `go build` names no version at all.
function isPrometheus3(path: string): boolean {
  return !/version [012]\./.test(outputOf(path, '--version'));
}

function outputOf(path: string, argument: string): string {
  const { stdout, stderr } = spawnSync(path, [argument], { encoding: 'utf8', timeout: 10_000 });
  return `${stdout}${stderr}`;
}
