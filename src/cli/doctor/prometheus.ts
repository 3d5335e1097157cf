import { counted } from '../../otel/text.ts';
import type { Config } from '../../runtime/config.ts';
import type { Answer, Asker } from './ask.ts';
import { dropReasons, isDropReason } from './drop-reasons.ts';
import { type Finding, ok, skipped, warning } from './finding.ts';

const DROPPED = 'signal_otel_points_dropped_total';

/** Where an application with these settings can be asked; `undefined` where the system chooses its port. */
export function prometheusUrl({ prometheusHost: host, prometheusPort: port }: Config): string | undefined {
  if (port === 0) return undefined;
  // Who listens on all of a machine's addresses can be asked at its loopback.
  const asked = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${asked.includes(':') ? `[${asked}]` : asked}:${port}/metrics`;
}

/** As much as the text of some hundred thousand series. */
const MAX_PAGE_BYTES = 2 ** 27;

/** What an application shows that runs now, at the endpoint that Prometheus scrapes. */
export interface Page {
  readonly url: string;
  readonly answer: Answer;
}

/** `undefined` where nobody knows its port, or no application with these settings has such an endpoint. */
export async function askPrometheus(config: Config, asker: Asker): Promise<Page | undefined> {
  const url = hasEndpoint(config) ? prometheusUrl(config) : undefined;
  if (url === undefined) return undefined;
  return { url, answer: await asker.ask({ who: 'the Prometheus endpoint', url, maxBodyBytes: MAX_PAGE_BYTES }) };
}

export function hasEndpoint({ metricsExporters, disabled }: Config): boolean {
  return metricsExporters.includes('prometheus') && !disabled;
}

/** The metrics of that application, and what it has dropped. */
export function examinePrometheus(page: Page | undefined): Finding[] {
  if (page === undefined) {
    return [skipped('OTEL_EXPORTER_PROMETHEUS_PORT is 0: an application says on stderr which port it has')];
  }
  const { url, answer } = page;
  if (answer.kind === 'silence') {
    const next = 'start it: OTEL_METRICS_EXPORTER=prometheus node --require signal-otel/register app.js';
    return [warning(`no application runs with this setting now: nothing answers at ${url} (${answer.reason})`, next)];
  }
  const families = new Set([...answer.body.matchAll(/^# TYPE (signal_\w+) /gm)].map(([, name]) => name));
  if (answer.status !== 200 || families.size === 0) {
    const next = 'has it recorded anything? Is it another program? OTEL_EXPORTER_PROMETHEUS_PORT chooses another port';
    return [warning(`${url} answers ${answer.status}, without a metric of signal_*`, next)];
  }
  return [ok(`${url} shows ${counted(families.size, 'metric')} of signal_*`), ...droppedIn(answer.body)];
}

function droppedIn(page: string): Finding[] {
  const series = page.split('\n').filter((line) => line.startsWith(`${DROPPED}{`));
  if (series.length === 0) return [ok(`nothing dropped: there is no ${DROPPED}`)];
  return series.map((line) => {
    const label = (name: string) => new RegExp(`[{,]${name}="(\\w+)"`).exec(line)?.[1] ?? 'unknown';
    const reason = label('reason');
    const explained = isDropReason(reason) ? dropReasons[reason] : undefined;
    const value = line.slice(line.lastIndexOf('}') + 1).trim();
    const found = `${DROPPED} of ${label('signal')}, ${reason}: ${value}`;
    return warning(explained ? `${found} (${explained.meaning})` : found, explained?.next ?? 'OTEL_LOG_LEVEL=debug');
  });
}
