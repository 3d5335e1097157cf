import { createRequire } from 'node:module';
import { SIGNALS, type SignalKind } from '../../delivery/request.ts';
import { withoutSecrets } from '../../delivery/url.ts';
import { counted } from '../../otel/text.ts';
import { asksForNodeSdk, type Config, datadogAccount, type Environment, isDirect } from '../../runtime/config.ts';
import type { Reading } from '../../runtime/settings-reader.ts';
import { type Finding, failed, ok, warning } from './finding.ts';
import { prometheusUrl } from './prometheus.ts';
import { receiverOf } from './receiver.ts';

export interface Settled {
  readonly config: Config;
  readonly readings: readonly Reading[];
  readonly environment: Environment;
}

/** What is set, what of it is bad, and which way the data goes. */
export function examineVariables(settled: Settled): Finding[] {
  const { readings } = settled;
  const bad = readings.flatMap(({ from, variable, problem }) => {
    return problem === undefined ? [] : [judge(from ?? variable, problem)];
  });
  const isSet = readings.filter(({ from }) => from !== undefined).length;
  const good = isSet === 0 ? 'none is set: the defaults hold' : `${counted(isSet, 'variable')} set, none of them bad`;
  return [...(bad.length > 0 ? bad : [ok(good)]), ...ways(settled)];
}

function judge(variable: string, problem: string): Finding {
  const [, meant] = /did you mean (\w+)\?/.exec(problem) ?? [];
  // It may be another program's, so that it is no failure.
  if (meant !== undefined) return warning(`${variable} ${problem}`, `rename it to ${meant}, if that is meant`);
  return failed(`${variable} ${problem}`, `set ${variable} to what it takes, or unset it`);
}

function ways({ config, environment }: Settled): Finding[] {
  if (config.disabled) {
    return [warning('nothing is recorded or sent: OTEL_SDK_DISABLED is true', 'unset OTEL_SDK_DISABLED')];
  }
  const asking = asksForNodeSdk(environment);
  if (asking !== undefined && hasNodeSdk())
    return [ok(`@opentelemetry/sdk-node does the sending: ${asking} asks for it`)];
  const findings: Finding[] = [];
  if (asking !== undefined) {
    const found = `${asking} asks for @opentelemetry/sdk-node, which is not installed: the package does without it`;
    findings.push(failed(found, `npm install @opentelemetry/sdk-node, or unset ${asking}`));
  }
  const byWay = Map.groupBy(
    SIGNALS.flatMap((signal) => waysOf(signal, config, environment).map((way) => ({ signal, way }))),
    ({ way }) => way,
  );
  findings.push(...[...byWay].map(([way, all]) => ok(`${all.map(({ signal }) => nouns[signal]).join(', ')}: ${way}`)));
  if (config.live) findings.push(ok('runs: on the live page of the process, as SIGNAL_LIVE asks'));
  else if (config.metricsExporters.length === 0) {
    findings.push(warning('metrics go nowhere: OTEL_METRICS_EXPORTER is none', 'unset OTEL_METRICS_EXPORTER'));
  }
  const account = datadogAccount(config);
  if (account !== undefined) {
    findings.push(ok(`events, service checks: to Datadog's API at ${withoutSecrets(account.apiUrl)}`));
  }
  return findings;
}

const nouns: Readonly<Record<SignalKind, string>> = { metrics: 'metrics', traces: 'spans', logs: 'log records' };

/** None where what is set is no URL, which has been told as a bad variable. */
function waysOf(signal: SignalKind, config: Config, environment: Environment): string[] {
  return config[`${signal}Exporters`].flatMap((exporter) => {
    if (exporter === 'console') return ['printed on the console'];
    if (exporter === 'prometheus') {
      return [`Prometheus fetches them at ${prometheusUrl(config) ?? "a port of the system's choice"}`];
    }
    // Without the path, which is each signal's own.
    const receiver = receiverOf(signal, config, environment)?.replace(new RegExp(`/v1/${signal}$`), '');
    if (receiver === undefined) return [];
    return [
      isDirect(config, environment) ? `straight to Datadog at ${receiver}` : `by OTLP to the Collector at ${receiver}`,
    ];
  });
}

function hasNodeSdk(): boolean {
  try {
    createRequire(import.meta.url).resolve('@opentelemetry/sdk-node');
    return true;
  } catch {
    return false;
  }
}
