import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { prometheusBinary, requireBinary } from './binaries.ts';
import { type RunningProcess, startProcess } from './child.ts';
import { freePort } from './ports.ts';
import { asList, asRecord, asString } from './shape.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly timestampMillis: number;
  readonly value: number;
}

/** A real Prometheus with a database of its own; leaving its scope kills it. */
export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** An instant query; each series with its newest sample, or every sample in range of a range selector. */
  query(promql: string): Promise<Sample[]>;
  /** The first sample that the query yields and the predicate accepts. */
  waitForSample(
    promql: string,
    accept?: (sample: Sample) => boolean,
    options?: { readonly timeoutMillis?: number },
  ): Promise<Sample>;
  /** Of all rules, as they are now. */
  alerts(): Promise<Alert[]>;
  /** The names of the alerts that it has rules for, one for each rule. */
  alertNames(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** host:port of each endpoint to read /metrics from. */
  readonly scrapeTargets?: readonly string[];
  readonly scrapeIntervalMillis?: number;
  /** Takes OTLP metrics at /api/v1/otlp/v1/metrics. */
  readonly otlpReceiver?: boolean;
  readonly features?: readonly string[];
  readonly ruleFiles?: readonly string[];
  readonly evaluationIntervalMillis?: number;
  /** One that users run, in place of what the options above would say. */
  readonly configFile?: string;
  /** Further ones of the command line. */
  readonly args?: readonly string[];
}

/** An alert that is pending or firing. */
export interface Alert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Resolves once it answers queries. */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'signal-otel-prometheus-'));
  const port = await freePort();
  let child: RunningProcess | undefined;
  const stop = async () => {
    await child?.kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const configFile = options.configFile ?? join(folder, 'prometheus.yml');
    if (options.configFile === undefined) await writeFile(configFile, JSON.stringify(configuration(options)));
    child = await startProcess(requireBinary(prometheusBinary), [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      // 5 s by default, before the first scrape.
      '--scrape.discovery-reload-interval=100ms',
      ...(options.otlpReceiver === true ? ['--web.enable-otlp-receiver'] : []),
      ...(options.features ?? []).map((feature) => `--enable-feature=${feature}`),
      ...(options.args ?? []),
    ]);
    await child.waitForOutput(/Server is ready to receive web requests/, { timeoutMillis: 30_000 });
  } catch (error) {
    await stop();
    throw error;
  }

  const url = `http://127.0.0.1:${port}`;
  const ask = async (path: string) => {
    const response = await fetch(`${url}/api/v1/${path}`);
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`Prometheus refused ${decodeURIComponent(path)}: ${JSON.stringify(answer)}`);
    return asRecord(asRecord(answer, 'the answer').data, 'data');
  };
  const query = async (promql: string) => samplesOf(await ask(`query?query=${encodeURIComponent(promql)}`));

  return {
    url,
    query,
    async waitForSample(promql, accept = () => true, { timeoutMillis = 15_000 } = {}) {
      const deadline = Date.now() + timeoutMillis;
      let samples: Sample[];
      do {
        samples = await query(promql);
        const sample = samples.find(accept);
        if (sample !== undefined) return sample;
        // Prometheus announces no scrape.
        await delay(100);
      } while (Date.now() < deadline);
      const names = await metricNames(url);
      throw new Error(
        `No accepted sample of ${promql} in ${timeoutMillis} ms, but ${JSON.stringify(samples)}. Metrics there: ${names}`,
      );
    },
    async alerts() {
      const { alerts } = await ask('alerts');
      return asList(alerts, 'alerts').map((item) => {
        const { state, labels, annotations } = asRecord(item, 'an alert');
        return { state: asString(state, 'state'), labels: asTexts(labels), annotations: asTexts(annotations) };
      });
    },
    async alertNames() {
      const { groups } = await ask('rules?type=alert');
      return asList(groups, 'groups').flatMap((group) =>
        asList(asRecord(group, 'a group').rules, 'rules').map((rule) =>
          asString(asRecord(rule, 'a rule').name, 'name'),
        ),
      );
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function configuration({
  scrapeTargets = [],
  scrapeIntervalMillis = 1_000,
  ruleFiles = [],
  evaluationIntervalMillis = 1_000,
}: PrometheusOptions) {
  const interval = `${scrapeIntervalMillis}ms`;
  return {
    global: {
      scrape_interval: interval,
      scrape_timeout: interval,
      evaluation_interval: `${evaluationIntervalMillis}ms`,
    },
    rule_files: ruleFiles,
    // Exports of one resource that overlap in time are refused otherwise, for their target_info.
    storage: { tsdb: { out_of_order_time_window: '30m' } },
    scrape_configs:
      scrapeTargets.length > 0 ? [{ job_name: 'test', static_configs: [{ targets: scrapeTargets }] }] : [],
  };
}

function samplesOf({ result }: Record<string, unknown>): Sample[] {
  return asList(result, 'result').flatMap((item) => {
    const { metric, value, values } = asRecord(item, 'a series');
    const labels = asTexts(metric);
    const pairs = values === undefined ? [value] : asList(values, 'values');
    return pairs.map((pair) => {
      const [seconds, text] = asList(pair, 'a sample');
      return { labels, timestampMillis: Number(seconds) * 1_000, value: sampleValue(asString(text, 'value')) };
    });
  });
}

function asTexts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asRecord(value, 'labels')).map(([name, text]) => [name, asString(text, name)]),
  );
}

// Prometheus writes infinity as JavaScript does not read it.
function sampleValue(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

async function metricNames(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/label/__name__/values`);
  return asList(asRecord(await response.json(), 'the answer').data, 'data').join(', ');
}
